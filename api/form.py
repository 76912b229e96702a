"""Read a form with a file (RFC 7578), in memory only: a photo is never written to disk."""

from __future__ import annotations

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

MAX_PARTS = 10
MAX_FIELD_BYTES = 16 * 1024  # of a field that is no file


class MalformedFormError(ValueError):
    """What is wrong with a form, as the end of a sentence."""


class _Parts:
    """Collects the parts of a form, by name; of several with one name the last counts."""

    def __init__(self) -> None:
        self.values: dict[str, str | bytes] = {}
        self.ended = False
        self._count = 0
        self._header = self._header_value = self._disposition = b""
        self._data = bytearray()

    def on_part_begin(self) -> None:
        self._count += 1
        if self._count > MAX_PARTS:
            raise MalformedFormError(f"it has more than {MAX_PARTS} parts")
        self._disposition, self._data = b"", bytearray()

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._header_value
        self._header = self._header_value = b""

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]

    def on_part_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise MalformedFormError("a part has no name")
        name = options[b"name"].decode("utf-8", "replace")
        if b"filename" in options:
            self.values[name] = bytes(self._data)
        elif len(self._data) <= MAX_FIELD_BYTES:
            self.values[name] = self._data.decode("utf-8", "replace")
        else:
            raise MalformedFormError(f"the field {name[:40]!r} has more than {MAX_FIELD_BYTES:,} bytes")

    def on_end(self) -> None:
        self.ended = True


def read_form(content_type: str, body: bytes) -> dict[str, str | bytes]:
    """The fields of a form as text, its files as bytes, by name.

    Args:
        content_type: The header, which names the boundary.
        body: The whole form.

    Raises:
        MalformedFormError: It is no such form, cut short, or has too many parts.
    """
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise MalformedFormError("its content type names no boundary")
    parts = _Parts()
    callbacks = {name: getattr(parts, name) for name in dir(parts) if name.startswith("on_")}
    try:
        parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type] # the names are those that it knows
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise MalformedFormError("it is not well formed") from error
    if not parts.ended:
        raise MalformedFormError("it is cut short")
    return parts.values
