"""Headers that every answer carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Pages have one style sheet and no script, and load nothing from anybody else.
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The scanner runs its own scripts, compiles its code reader (WebAssembly), shows pictures that it made and talks to
# this server. What it turns into markup or a worker's address goes through a named policy: Svelte's, or its own.
APP_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types svelte-trusted-html lotproof-worker"
)
# The desk runs its own scripts, talks to this server and shows pictures that it got there.
DESK_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "manifest-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types svelte-trusted-html"
)
APP: Final = "/app"
DESK: Final = "/desk"
SAFE: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
OF_PAGES: Final = (
    (b"content-security-policy", POLICY.encode()),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
OF_THE_DESK: Final = ((b"content-security-policy", DESK_POLICY.encode()), OF_PAGES[1])
OF_THE_APP: Final = (
    (b"content-security-policy", APP_POLICY.encode()),
    (b"permissions-policy", b"camera=(self), geolocation=(self), microphone=()"),
)


class SafeHeaders:
    """ASGI middleware: adds the headers, and forbids caches to keep what has no other word on that."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers when its answer starts."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        own = _own(scope["path"])

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                headers.extend(SAFE + own)
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))  # a verdict is true for the moment it is given
            await send(message)

        await self._app(scope, receive, adding)


def _own(path: str) -> tuple[tuple[bytes, bytes], ...]:
    """The headers that differ by what is shown at a path."""
    if path == DESK:
        return OF_THE_DESK
    return OF_THE_APP if path == APP or path.startswith(f"{APP}/") else OF_PAGES
