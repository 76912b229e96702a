"""Labels of a run as pictures: one PNG or SVG, or a folder with a PNG for each; every one is read back."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ledger.core.errors import InvalidInputError
from ledger.durable import writing
from ledger.label import content, gate
from ledger.label.drawing import png_of, svg_of, with_quiet_zone
from ledger.label.symbol import TooLongForSymbolError, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ledger.label.content import Elements
    from ledger.label.drawing import Matrix
    from ledger.label.run import Run

SVG: Final = ".svg"


def print_picture(run: Run, output: Path) -> None:
    """Write the only label of a run as PNG, or as SVG if the file's name says so.

    Raises:
        InvalidInputError: The run has several labels, or the file cannot be written.
        ContradictionError: The picture does not say what it should.
    """
    if len(run) > 1:
        raise InvalidInputError(
            f"{output} would hold one label, not {len(run):,}.",
            advice="Name a .pdf file for sheets, or a folder for a picture of each.",
            field="output",
        )
    ((elements, matrix),) = _symbols(run)
    lines, scanned, name = content.human_readable(elements), run.scanned(elements), run.name(0, elements)
    if output.suffix.lower() == SVG:
        picture = svg_of(matrix, lines)
        gate.check_drawing(name, picture, scanned)
    else:
        picture = png_of(matrix, lines)
        gate.check_picture(name, picture, scanned)
    with writing(output) as file:
        file.write(picture)


def print_folder(run: Run, output: Path, progress: Callable[[int], object]) -> None:
    """Write a PNG for each label of a run into a new folder, which is there with all of them or not at all.

    Args:
        run: What is to be printed.
        output: The folder to make.
        progress: Told how many labels are done.

    Raises:
        InvalidInputError: The folder is there and not empty, or cannot be written.
        ContradictionError: A picture does not say what it should.
    """
    half = output.with_name(f".{output.name}.half")
    try:
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir()
        try:
            for number, (elements, matrix) in enumerate(_symbols(run)):
                picture = png_of(matrix, content.human_readable(elements))
                gate.check_picture(run.name(number, elements), picture, run.scanned(elements))
                (half / _file_name(number, elements)).write_bytes(picture)
                progress(number + 1)
            half.replace(output)
        finally:
            shutil.rmtree(half, ignore_errors=True)
    except OSError as error:
        raise InvalidInputError(
            f"{output} cannot be written: {error.strerror}.", advice="Name a new folder.", field="output"
        ) from error


def _symbols(run: Run) -> Iterator[tuple[Elements, Matrix]]:
    """What each label says, with its symbol."""
    sample = run.longest()
    wording = run.wording(sample[0])
    symbols = run.symbols([wording.text(elements) for elements in sample])
    for number in range(len(run)):
        elements = run.label(number)
        text = wording.text(elements)
        try:
            made = symbols.encode([text])
        except TooLongForSymbolError:
            symbols = run.symbols([text])
            made = symbols.encode([text])
        yield elements, with_quiet_zone((unpacked(made[0], symbols.size) == 1).tolist())


def _file_name(number: int, elements: Elements) -> str:
    """Numbered, because some file systems take `a1` and `A1` for one name."""
    words = "-".join(value for ai, value in elements if ai not in content.UNSEEN and ai != "17")
    return f"{number + 1:07d}-{quote(words, safe='')}.png"
