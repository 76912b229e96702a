"""`lotproof`: every command of design section 7, gathered from one module per subject.

The modules import what is heavy (web3, SQLAlchemy, FastAPI) inside their commands, so that `--help` stays quick.
"""

from __future__ import annotations

import typer

from ledger.cli import (
    accept,
    backup,
    batches,
    casework,
    certificates,
    custody,
    declarations,
    delivery,
    demo,
    doctor,
    enrolment,
    export,
    intelligence,
    keys,
    labels,
    lane,
    operations,
    organisations,
    proof,
    reports,
    risk,
    run,
    unit,
    verify,
)

app = typer.Typer(
    name="lotproof",
    help="A provenance ledger for vaccines and protective equipment.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
keys.app.command("add")(enrolment.add)
keys.app.command("accept")(accept.accept)
keys.app.command("end")(enrolment.end)
app.add_typer(keys.app, name="key")
app.add_typer(organisations.authority, name="authority")
app.add_typer(organisations.organisation, name="organisation")
app.add_typer(batches.app, name="batch")
app.add_typer(custody.app, name="custody")
app.add_typer(unit.app, name="unit")
app.add_typer(reports.app, name="report")
app.add_typer(declarations.app, name="declaration")
app.add_typer(lane.app, name="lane")
app.add_typer(certificates.app, name="certificate")
app.add_typer(risk.app, name="risk")
app.add_typer(intelligence.app, name="intelligence")
app.add_typer(casework.app, name="case")
app.add_typer(operations.app, name="operation")
app.command("sign-in")(intelligence.sign_in)
app.command("looks")(intelligence.looks)
for single in (
    demo.demo,
    run.up,
    run.chain,
    run.deploy,
    run.index,
    run.relay,
    run.serve,
    verify.verify,
    delivery.delivery,
    labels.labels,
    proof.proof,
    proof.witness,
    doctor.doctor,
    backup.backup,
    backup.restore,
    export.export,
):
    app.command()(single)


def main() -> None:
    """Run the command line; exit codes are 0, 1 and 2."""
    app()
