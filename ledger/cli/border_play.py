"""Plays the demonstration's border: declarations, an alert, an operation with two seizures, forty green-lane releases.

Each administration does everything through the server's own HTTP calls, signed in with its key. Whatever is there
already is found again and not done twice, so that a demonstration cut short is taken up where it stopped.
"""

from __future__ import annotations

import csv
import io
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ledger.cli import border_story, story
from ledger.cli.client import Client
from ledger.cli.play import FINAL, PATIENCE, POLL_SECONDS
from ledger.cli.sharing_desk import SharingDesk
from ledger.core.attestation.statements import Attestation, MutualRecognition, TrustedStatus
from ledger.core.customs.declaration import FIELDS
from ledger.core.errors import LotproofError
from ledger.core.gs1 import digital_link
from ledger.core.intelligence.marking import Marking
from ledger.core.intelligence.pattern import read_pattern
from ledger.core.intelligence.statements import Form
from ledger.core.intelligence.stix import Draft
from ledger.core.vocabulary import Kind
from ledger.durable import writing

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from ledger.cli.play import Play
    from ledger.core.attestation.statements import Attested

    Json = dict[str, Any]

YEAR: Final = 365 * story.DAY
HOLD_DAYS, SEIZE_DAYS = -0.08, -0.04  # days from now
RESULTS: Final = ("results.pdf", "results.csv")


@dataclass(slots=True)
class BorderPlay:
    """The border of a story that was played.

    Args:
        play: The story, whose goods and keys these are.
        secret: The encryption key of whoever shares intelligence, by the name of its signing key.
        receipts: The folder where signed receipts are remembered.
        folder: Where the operation's results are written.
    """

    play: Play
    secret: EllipticCurvePrivateKey
    receipts: Path
    folder: Path
    desks: dict[str, SharingDesk] = field(default_factory=dict)

    def run(self) -> Json:
        """Play everything.

        Returns:
            What came of it: `recommended`, `released`, `seizures`, `units`, `operation` and `alert`.

        Raises:
            LotproofError: A part was refused, or did not come to what the story says.
        """
        self.play.tell("At the border: forty cartons for the green lane, two that left their way")
        for name, batch in border_story.BATCHES.items():
            self.play.register(name, batch)
        for step in border_story.steps():
            self.play.act(step)
        self.play.settle(FINAL)
        with ExitStack() as opened:
            for name in (border_story.LEAD, *border_story.PORTS):
                self.desks[name] = self._signed_in(name, opened.enter_context(Client(self.play.client.server)))
            self._attest()
            self._declare()
            alert = self._warn()
            released = self._release()
            results = self._operate(alert)
        return {"released": released, "alert": alert} | results

    def _signed_in(self, name: str, client: Client) -> SharingDesk:
        desk = SharingDesk(client, self.play.signers[name], self.secret, self.receipts)
        desk.sign_in()
        return desk

    # ---- before the border ----

    def _attest(self) -> None:
        """Administrations trust the operators of their country, and the two importing ones what the others trust."""
        numbers, start = self.play.numbers, self.play.start
        until = start + YEAR
        for trust in border_story.TRUST:
            status = TrustedStatus(numbers[trust.issuer], numbers[trust.operator], start, until)
            self._hand_in(trust.issuer, status)
        for name in border_story.PORTS:
            for country in border_story.RECOGNISED:
                self._hand_in(name, MutualRecognition(numbers[name], country.encode(), start, until))

    def _hand_in(self, name: str, statement: Attested) -> None:
        signer = self.play.signers[name]
        signature = signer.sign(statement.digest(self.desks[border_story.LEAD].domain))
        self.play.client.post("/v1/attestations", Attestation(statement, None, signer.signer, signature).to_json())

    def _declare(self) -> None:
        """Each importing administration takes in what was declared to it: its cartons, and one that is not for it."""
        for name in border_story.PORTS:
            lines = [self._line(carton, name, border_story.CARTON_UNITS) for carton in self._cartons(name)]
            diverted, units = border_story.DIVERTED[name]
            written = io.StringIO(newline="")
            table = csv.DictWriter(written, [each.name for each in FIELDS])
            table.writeheader()
            table.writerows([*lines, self._line(diverted, name, units)])
            answer = self.desks[name].client.post_text("/v1/declarations", written.getvalue().encode(), "text/csv")
            if answer["faults"]:
                raise LotproofError(f"A declaration was refused: {answer['faults'][0]['detail']}")

    def _cartons(self, administration: str) -> list[str]:
        return [name for name, whose in border_story.lane_cartons().items() if whose == administration]

    def _line(self, carton: str, administration: str, units: int) -> Json:
        goods = self.play.goods[carton]
        batch = border_story.BATCHES[goods.batch]
        product = story.PRODUCTS[batch.product]
        importer = self.play.gln(border_story.IMPORTERS[administration])
        share = units / border_story.CARTON_UNITS
        return {
            "declaration_id": f"DEMO-{carton.upper()}",
            "acceptance_date_time": f"{self.play.day(-0.5):%Y-%m-%dT%H:%M:%SZ}",
            "declaration_office_id": border_story.OFFICES[administration],
            "sequence_numeric": 1,
            "classification_id": product.hs6,
            "description": product.name,
            "origin_country_code": story.PARTIES[product.maker].country,
            "export_country_id": "SG",
            "loading_location_id": "SGSIN",
            "unloading_location_id": border_story.PORTS[administration],
            "mode_code": "1",
            "gross_mass_measure": round(border_story.CARTON_KG * share * 1.2, 1),
            "net_net_weight_measure": round(border_story.CARTON_KG * share, 1),
            "customs_value_amount": round(border_story.CARTON_VALUE * share, 2),
            "currency_id": "SGD",
            "importer_id": importer,
            "exporter_id": self.play.gln("straits"),
            "gtin": product.gtin,
            "lot": batch.lot,
            "sscc": goods.sscc,
            "tariff_quantity": units,
        }

    # ---- the alert ----

    def _warn(self) -> str:
        """Singapore tells all administrations of the lot; its digest comes back."""
        desk = self.desks[border_story.LEAD]
        for heard in desk.heard():
            if heard.content is not None and heard.content.title == border_story.ALERT:
                return "0x" + heard.digest.hex()
        batch = border_story.BATCHES["diverted"]
        pattern = read_pattern({"kind": "lot", "gtin": story.PRODUCTS[batch.product].gtin, "lot": batch.lot})
        until = self.play.start + 90 * story.DAY
        draft = Draft(Form.INDICATOR, border_story.ALERT, border_story.ALERT_WORDS, pattern, None, until)
        return str(desk.send(draft, Marking.GREEN, ())["digest"])

    # ---- the green lane ----

    def _release(self) -> int:
        """Customs let by what the green lane recommends, and sign that they did."""
        steps = border_story.releases()
        expected = {self.play.goods[step.goods].sscc for step in steps}
        until = time.monotonic() + PATIENCE
        while (recommended := self._recommended()) != expected:  # a busy machine's data is behind for a moment
            if time.monotonic() > until:
                raise LotproofError(f"Release is recommended of {len(recommended)} cartons, not of {len(expected)}.")
            time.sleep(POLL_SECONDS)
        for step in steps:
            self.play.act(step)
        self.play.settle(FINAL)
        return len(steps)

    def _recommended(self) -> set[str]:
        """The SSCC of each carton of which release is recommended."""
        found = set()
        for name in border_story.PORTS:
            after = 0
            while after is not None:
                page = self.desks[name].client.get("/v1/lane/lines", after=after, most=100)
                found |= {line["sscc"] for line in page["lines"]}
                after = page["next"]
        return found

    # ---- the operation ----

    def _operate(self, alert: str) -> Json:
        """Singapore leads, the two others take part, each seizes what was not for it; the results come back."""
        lead = self.desks[border_story.LEAD].client
        reference = self._operation(lead)
        for name in border_story.PORTS:
            self._take_part(name, reference)
            self.desks[name].answer(alert, "hit", border_story.ANSWER)
        results = lead.get(f"/v1/operations/{reference}/results")
        self.folder.mkdir(parents=True, exist_ok=True)
        for file in RESULTS:
            with writing(self.folder / file) as written:
                written.write(lead.get_bytes(f"/v1/operations/{reference}/{file}"))
        units = sum(count for _, count in border_story.DIVERTED.values())
        if (results["seizures"], results["units"]) != (len(border_story.DIVERTED), units):
            raise LotproofError(f"The operation counts {results['seizures']} seizures and {results['units']} units.")
        return {"operation": reference, "seizures": results["seizures"], "units": results["units"]}

    def _operation(self, lead: Client) -> str:
        for each in lead.get("/v1/operations")["operations"]:
            if each["name"] == border_story.OPERATION:
                return str(each["reference"])
        opened = lead.post(
            "/v1/operations",
            {
                "name": border_story.OPERATION,
                "words": border_story.OPERATION_WORDS,
                "begins_at": f"{self.play.day(-0.5):%Y-%m-%dT%H:%M:%SZ}",
                "ends_at": f"{self.play.day(14):%Y-%m-%dT%H:%M:%SZ}",
                "invite": [self.play.numbers[name] for name in border_story.PORTS],
            },
        )
        return str(opened["reference"])

    def _take_part(self, name: str, reference: str) -> None:
        client = self.desks[name].client
        path = f"/v1/operations/{reference}"
        operation = client.get(path)
        if operation["status"] == "invited":
            operation = client.post(path, {"version": operation["version"], "act": "accept"})
        line = self._declared(name)
        if not any(target["organisation"]["number"] == self.play.numbers[name] for target in operation["targets"]):
            words = "On record this carton is on its way to Manila."
            target = {"version": operation["version"], "act": "target", "line": line, "words": words}
            client.post(path, target)
        self._seize(name, self._case(name, line, reference))

    def _declared(self, name: str) -> int:
        """The number of the declaration line of the carton that left its way: the riskiest of its country."""
        sscc = self.play.goods[border_story.DIVERTED[name][0]].sscc
        lines = self.desks[name].client.get("/v1/declarations", find=sscc or "", most=1)["lines"]
        return int(lines[0]["number"])

    def _case(self, name: str, line: int, reference: str) -> Json:
        client = self.desks[name].client
        for card in client.get("/v1/cases")["cases"]:
            if card["source"]["kind"] == "declaration" and card["source"]["line"] == line:
                return client.get(f"/v1/cases/{card['number']}")
        source = {"kind": "declaration", "line": line}
        title = f"Carton for Manila at {border_story.PORTS[name]}"
        return client.post("/v1/cases", {"source": source, "title": title, "operation": reference})

    def _seize(self, name: str, case: Json) -> None:
        """Hold the carton, look into it, seize it, and close the case with what was signed."""
        goods, port = border_story.DIVERTED[name][0], border_story.PORTS[name]
        if not case["tasks"]:
            words = "Ask Manila whether its consignee gave the carton up."
            case = self._do(name, case, {"act": "task", "words": words})
        if not case["evidence"]:
            case = self._hand_in_label(name, case)
        if case["state"] == "opened":
            case = self._do(name, case, {"act": "move", "to": "examining"})
        for kind, days in ((Kind.HOLD, HOLD_DAYS), (Kind.SEIZE, SEIZE_DAYS)):
            digest = self.play.act(story.Step(days, name, kind, goods, port))
            self.play.settle(FINAL)
            if not any(each["digest"] == digest for each in case["outcomes"]):
                case = self._do(name, case, {"act": "outcome", "digest": digest})
        if case["tasks"][0]["done_at"] is None:
            case = self._do(name, case, {"act": "task_done", "task": 1, "words": "It did not."})
        if case["closed"] is None:
            self._do(name, case, {"act": "close", "words": "Seized. The carton was never released by its consignee."})

    def _hand_in_label(self, name: str, case: Json) -> Json:
        """The label of the carton, as an officer would photograph it."""
        from ledger.label import png

        goods = self.play.goods[border_story.DIVERTED[name][0]]
        picture = png(digital_link([("00", goods.sscc or "")], story.HOST), ["Label on the carton", "demonstration"])
        fields = {"version": str(case["version"]), "name": "label.png", "words": border_story.EVIDENCE}
        return self.desks[name].client.post_form(f"/v1/cases/{case['number']}/evidence", picture, 30.0, **fields)

    def _do(self, name: str, case: Json, act: Json) -> Json:
        return self.desks[name].client.post(f"/v1/cases/{case['number']}", {"version": case["version"]} | act)
