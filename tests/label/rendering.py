"""Pages of labels as a printer would put them on paper, and as a camera would see them."""

from __future__ import annotations

import numpy as np
import zxingcpp
from PIL import Image

from ledger.label.page import read_page
from ledger.label.stock import Stock


def page_picture(content: bytes, stock: Stock, dpi: int) -> Image.Image:
    """A page in the printer's dots, symbols only."""
    width, height = (round(side * dpi / 25.4) for side in stock.page)
    sheet = Image.new("L", (width, height), 255)
    for label in read_page(content):
        columns, rows = label.modules
        bits = np.unpackbits(np.frombuffer(label.bits, np.uint8).reshape(rows, -1), axis=1)[:, :columns]
        side = [round(each * dpi / 72) for each in label.side]
        symbol = Image.fromarray(np.where(bits == 1, 0, 255).astype(np.uint8))
        left = round(label.corner[0] * dpi / 72)
        top = round(stock.page[1] * dpi / 25.4 - (label.corner[1] + label.side[1]) * dpi / 72)
        sheet.paste(symbol.resize((side[0], side[1]), Image.Resampling.NEAREST), (left, top))
    return sheet


def codes_on(content: bytes, stock: Stock, dpi: int) -> list[str]:
    """What a scanner reads in each label's place, slot by slot; "" where there is nothing."""
    sheet = page_picture(content, stock, dpi)
    found = []
    for slot in range(sum(1 for _ in read_page(content))):
        left, top = (edge * dpi / 25.4 for edge in stock.corner(slot))
        width, height = (side * dpi / 25.4 for side in stock.label)
        cut = sheet.crop((round(left), round(top), round(left + width), round(top + height)))
        read = zxingcpp.read_barcodes(np.asarray(cut), text_mode=zxingcpp.TextMode.Plain)
        found.append(read[0].symbology_identifier + read[0].text if len(read) == 1 else "")
    return found
