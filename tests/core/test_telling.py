"""What a browser signs to tell other administrations is what the server takes, by the vectors that test both."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.core.intelligence.content import read_content
from ledger.core.intelligence.marking import Marking
from ledger.core.intelligence.statements import NOTHING, Form, Intelligence
from ledger.core.structs import Domain

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "telling.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["written"]["title"])
def test_the_browsers_message_has_this_digest(vector: dict[str, Any]) -> None:
    written = vector["written"]
    told = {"salt": vector["salt"], "title": written["title"], "words": written["words"]}
    told |= {"pattern": written["pattern"]} if written["pattern"] else {}
    content = read_content(told, indicator=written["pattern"] is not None)
    statement = Intelligence(
        vector["issuer"],
        Form.INDICATOR if written["pattern"] else Form.BULLETIN,
        Marking[written["marking"]],
        vector["now"],
        written["validUntil"],
        NOTHING,
        content.hash(),
        NOTHING,
    )
    domain = Domain(vector["domain"]["chainId"], bytes.fromhex(vector["domain"]["verifyingContract"][2:]))
    assert "0x" + content.hash().hex() == vector["content"]
    assert "0x" + statement.digest(domain).hex() == vector["digest"]
    assert statement.digest(domain) != replace(statement, marking=Marking.AMBER).digest(domain)
