"""A PDF file written page by page: what is written is not kept, so that a million labels need the memory of a page.

ISO 32000-1: sections 7.5 (file structure), 7.7.3 (page tree), 9.6.2.2 (standard fonts), 12.2 (viewer preferences: no
scaling, because a label printed at 97 % does not sit on its stock).
"""

from __future__ import annotations

import zlib
from array import array
from typing import BinaryIO, Final

HEADER: Final = b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n"
CATALOG, ROOT, FONT = 1, 2, 3  # object numbers
BRANCH: Final = 500  # pages under one node of the page tree
FONT_NAME: Final = "/F"
_LEVEL: Final = 1  # of compression: hexadecimal digits shrink to half at once, and hardly further


class Pdf:
    """Writes pages of one size with one font to a file.

    Args:
        file: Open for writing, at its beginning.
        size: Width and height of the pages, points.
        title: For the window that shows it; ASCII.
    """

    def __init__(self, file: BinaryIO, size: tuple[float, float], title: str) -> None:
        self._file = file
        self._at = 0
        self._offsets = array("Q", [0] * (FONT + 1))  # by object number; 0 is no object
        self._branches: list[int] = []
        self._leaves: list[int] = []  # pages of the branch that is growing
        self._branch = 0
        self.pages = 0
        self._box = f"[0 0 {size[0]:.4f} {size[1]:.4f}]"
        self._title = title
        self._put(HEADER)
        self._object(FONT, b"<</Type/Font/Subtype/Type1/BaseFont/Courier-Bold/Encoding/WinAnsiEncoding>>")

    def add(self, content: bytes) -> bytes:
        """Write a page with a content stream; returns the stream as it stands in the file."""
        if not self._leaves:
            self._branch = self._number()
        stream = zlib.compress(content, _LEVEL)
        contents = self._number()
        self._object(contents, b"<</Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (len(stream), stream))
        page = self._number()
        self._object(page, b"<</Type/Page/Parent %d 0 R/Contents %d 0 R>>" % (self._branch, contents))
        self._leaves.append(page)
        self.pages += 1
        if len(self._leaves) == BRANCH:
            self._close_branch()
        return stream

    def finish(self) -> None:
        """Write the page tree, the catalog and the table of objects."""
        if self._leaves:
            self._close_branch()
        kids = "".join(f"{number} 0 R " for number in self._branches)
        root = f"<</Type/Pages/Count {self.pages}/Kids[{kids}]/MediaBox{self._box}"
        self._object(ROOT, f"{root}/Resources<</Font<<{FONT_NAME} {FONT} 0 R>>>>>>".encode())
        viewer = "/ViewerPreferences<</PrintScaling/None/DisplayDocTitle true>>"
        self._object(CATALOG, f"<</Type/Catalog/Pages {ROOT} 0 R{viewer}>>".encode())
        info = self._number()
        self._object(info, f"<</Title({escaped(self._title)})/Producer(Lotproof)>>".encode("ascii"))
        start = self._at
        rows = b"".join(b"%010d 00000 n \n" % offset for offset in self._offsets[1:])
        self._put(b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(self._offsets), rows))
        trailer = f"trailer<</Size {len(self._offsets)}/Root {CATALOG} 0 R/Info {info} 0 R>>"
        self._put(f"{trailer}\nstartxref\n{start}\n%%EOF\n".encode())

    def _close_branch(self) -> None:
        kids = "".join(f"{number} 0 R " for number in self._leaves)
        node = f"<</Type/Pages/Parent {ROOT} 0 R/Count {len(self._leaves)}/Kids[{kids}]>>"
        self._object(self._branch, node.encode())
        self._branches.append(self._branch)
        self._leaves.clear()

    def _number(self) -> int:
        self._offsets.append(0)
        return len(self._offsets) - 1

    def _object(self, number: int, body: bytes) -> None:
        self._offsets[number] = self._at
        self._put(b"%d 0 obj\n%b\nendobj\n" % (number, body))

    def _put(self, content: bytes) -> None:
        self._file.write(content)
        self._at += len(content)


def escaped(text: str) -> str:
    """A text as it stands between the brackets of a PDF string. ISO 32000-1, section 7.3.4.2."""
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
