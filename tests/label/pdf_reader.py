"""A strict reader of PDF files, written against ISO 32000-1 and not against our writer: offsets and lengths count."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass


@dataclass
class PdfFile:
    """A file with a plain table of objects and a tree of pages."""

    data: bytes

    def __post_init__(self) -> None:
        assert re.match(rb"%PDF-1\.[4-7]\n", self.data)
        found = re.search(rb"startxref\n(\d+)\n%%EOF\n\Z", self.data)
        assert found, "no end"
        self.offsets = self._table(int(found[1]))

    def _table(self, at: int) -> dict[int, int]:
        head = re.compile(rb"xref\n0 (\d+)\n").match(self.data, at)
        assert head, "no table"
        count, at = int(head[1]), head.end()
        rows = [self.data[at + 20 * row : at + 20 * row + 20] for row in range(count)]
        assert rows[0] == b"0000000000 65535 f \n"
        self.trailer = self.data[at + 20 * count :].partition(b"startxref")[0]
        assert self.trailer.startswith(b"trailer")
        assert b"/Size %d" % count in self.trailer
        offsets = {}
        for number, row in enumerate(rows[1:], 1):
            assert re.fullmatch(rb"\d{10} 00000 n \n", row)
            offsets[number] = int(row[:10])
        return offsets

    def object(self, number: int) -> bytes:
        start = b"%d 0 obj\n" % number
        at = self.offsets[number]
        assert self.data.startswith(start, at), f"object {number} is not where the table says"
        end = self.data.index(b"endobj", at)
        return self.data[at + len(start) : end]

    def stream(self, number: int) -> bytes:
        """The decoded stream of an object, whose length must be right."""
        at = self.offsets[number]
        head = self.data[at : self.data.index(b"stream\n", at)]
        length = int(self.one(rb"/Length (\d+)", head))
        begin = at + len(head) + len(b"stream\n")
        assert self.data.startswith(b"\nendstream\nendobj\n", begin + length)
        assert b"/Filter/FlateDecode" in head
        return zlib.decompress(self.data[begin : begin + length])

    @staticmethod
    def one(pattern: bytes, text: bytes) -> bytes:
        (found,) = re.findall(pattern, text)
        assert isinstance(found, bytes)
        return found

    @property
    def root(self) -> bytes:
        return self.object(int(self.one(rb"/Pages (\d+) 0 R", self.catalog)))

    @property
    def catalog(self) -> bytes:
        return self.object(int(self.one(rb"/Root (\d+) 0 R", self.trailer)))

    def pages(self) -> list[bytes]:
        """The content of each page in order; the counts of the tree must be right."""
        found: list[bytes] = []
        root = int(self.one(rb"/Pages (\d+) 0 R", self.catalog))
        for branch in self._kids(self.root):
            node = self.object(branch)
            assert f"/Parent {root} 0 R".encode() in node
            leaves = self._kids(node)
            assert len(leaves) == int(self.one(rb"/Count (\d+)", node))
            for leaf in leaves:
                page = self.object(leaf)
                assert f"/Parent {branch} 0 R".encode() in page
                found.append(self.stream(int(self.one(rb"/Contents (\d+) 0 R", page))))
        assert len(found) == int(self.one(rb"/Count (\d+)", self.root))
        return found

    def _kids(self, node: bytes) -> list[int]:
        return [int(number) for number in re.findall(rb"(\d+) 0 R", self.one(rb"/Kids\[(.*?)\]", node))]
