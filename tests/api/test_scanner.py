"""`/app/`: the built scanner is served as browsers need it, and nothing beside it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from api.web import built
from tests.api.conftest import Asker

SCRIPT = b"export const answer = 42;\n" * 20


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build of the test's own."""
    made = tmp_path / "dist"
    (made / "assets").mkdir(parents=True)
    (made / "index.html").write_bytes(b"<!doctype html><title>Scanner</title>")
    (made / "desk.html").write_bytes(b"<!doctype html><title>Desk</title>")
    (made / "sw.js").write_bytes(SCRIPT)
    (made / "manifest.webmanifest").write_bytes(b"{}")
    (made / "assets/index-C0ffee.js").write_bytes(SCRIPT)
    (made / "assets/index-C0ffee.js.gz").write_bytes(gzip.compress(SCRIPT))
    (made / "assets/index-C0ffee.js.br").write_bytes(b"as if Brotli had made it")
    (made / "assets/reader-C0ffee.wasm").write_bytes(b"\0asm")
    (tmp_path / "secret.js").write_bytes(b"not for others")
    (made / "link.js").symlink_to(tmp_path / "secret.js")
    (made / "notes.txt").write_bytes(b"of no type that the app has")
    monkeypatch.setattr(built, "FOLDER", made)
    return made


@pytest.mark.parametrize(
    ("path", "kind", "kept"),
    [
        ("/app/", "text/html; charset=utf-8", built.ASK_AGAIN),
        ("/app/index.html", "text/html; charset=utf-8", built.ASK_AGAIN),
        ("/desk", "text/html; charset=utf-8", built.ASK_AGAIN),
        ("/app/sw.js", "text/javascript; charset=utf-8", built.ASK_AGAIN),
        ("/app/manifest.webmanifest", "application/manifest+json", built.ASK_AGAIN),
        ("/app/assets/index-C0ffee.js", "text/javascript; charset=utf-8", built.FOR_GOOD),
        ("/app/assets/reader-C0ffee.wasm", "application/wasm", built.FOR_GOOD),
    ],
)
@pytest.mark.usefixtures("folder")
def test_files_have_their_type_and_are_kept_as_long_as_they_stand(ask: Asker, path: str, kind: str, kept: str) -> None:
    answer = ask.get(path, headers={"accept-encoding": "identity"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    assert answer.headers["cache-control"] == kept
    assert answer.headers["vary"] == "accept-encoding"
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    ("taken", "sent"),
    [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("*", "br"), ("deflate", None)],
)
def test_the_best_copy_that_the_browser_takes_is_sent(folder: Path, taken: str, sent: str | None) -> None:
    found = built.find("assets/index-C0ffee.js", taken, folder)
    assert found is not None
    assert found.headers.get("content-encoding") == sent
    copy = folder / f"assets/index-C0ffee.js{built.COPIES.get(sent or '', '')}"
    assert found.content == copy.read_bytes()


def test_a_browser_reads_what_was_compressed(ask: Asker, folder: Path) -> None:
    answer = ask.get("/app/assets/index-C0ffee.js", headers={"accept-encoding": "gzip"})
    assert answer.content == (folder / "assets/index-C0ffee.js").read_bytes()


@pytest.mark.usefixtures("folder")
def test_what_still_stands_is_not_sent_again(ask: Asker) -> None:
    tag = ask.get("/app/sw.js").headers["etag"]
    again = ask.get("/app/sw.js", headers={"if-none-match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert ask.get("/app/sw.js", headers={"if-none-match": '"another"'}).status_code == 200


OUTSIDE = [
    "../secret.js",
    "%2e%2e/secret.js",
    "..%2Fsecret.js",
    "assets/..%2F..%2Fsecret.js",
    "link.js",
    "notes.txt",
    "assets",
    "assets/",
    "nothing.js",
    "/etc/passwd",
    "assets/index-C0ffee.js.br",
    "a%00b.js",
    "sw.js%00",
]


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.usefixtures("folder")
def test_nothing_outside_the_build_is_sent(ask: Asker, name: str) -> None:
    answer = ask.get(f"/app/{name}")
    assert answer.status_code == 404
    assert b"not for others" not in answer.content


def test_the_address_without_a_slash_leads_to_the_one_with_it(ask: Asker) -> None:
    answer = ask.get("/app")
    assert (answer.status_code, answer.headers["location"]) == (308, "/app/")


def test_a_server_without_the_build_says_what_to_run(
    ask: Asker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(built, "FOLDER", tmp_path / "nowhere")
    answer = ask.get("/app/", headers={"accept": "text/html"})
    assert answer.status_code == 503
    assert "./scripts/setup" in answer.text


@pytest.mark.usefixtures("folder")
def test_the_scanner_alone_may_run_scripts_and_ask_for_the_camera(ask: Asker) -> None:
    for path in ("/app", "/app/", "/app/sw.js", "/app/nothing.js"):
        headers = ask.get(path).headers
        assert "script-src 'self' 'wasm-unsafe-eval';" in headers["content-security-policy"], path
        assert "require-trusted-types-for 'script'" in headers["content-security-policy"]
        assert headers["permissions-policy"] == "camera=(self), geolocation=(self), microphone=()"
    for path in ("/", "/apple", "/desks", "/v1/chain", "/static/style.css"):
        headers = ask.get(path).headers
        assert "script-src" not in headers["content-security-policy"], path
        assert headers["permissions-policy"] == "camera=(), geolocation=(), microphone=()"


@pytest.mark.usefixtures("folder")
def test_the_desk_may_run_scripts_and_nothing_that_it_does_not_need(ask: Asker) -> None:
    headers = ask.get("/desk").headers
    policy = headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert not any(word in policy for word in ("unsafe", "worker-src", "media-src", "http"))
    assert headers["permissions-policy"] == "camera=(), geolocation=(), microphone=()"


def test_the_first_page_leads_to_the_scanner(ask: Asker) -> None:
    assert '<a href="/app/">Open the scanner</a>' in ask.get("/").text
