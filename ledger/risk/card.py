"""The model card: what a model is for, what it was made from, and how often it errs, as a page of Markdown.

The headings are those of Mitchell et al., "Model cards for model reporting" (FAT* 2019), section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ledger.risk.metrics import SHARES
from ledger.risk.scoring import PICKED

if TYPE_CHECKING:
    from ledger.risk.model_files import Json, RiskModel
    from ledger.risk.selection import Estimate, Truthful

_USE: Final = """## Intended use

- It ranks declaration lines for inspection and says why. **It decides nothing**: an officer does, and a high
  probability is no finding.
- It knows nothing of the ledger. What the custody record says of the same goods are signals of their own
  (`lotproof declaration`), shown beside this probability and never mixed with it.
- It is for the administration named above only: another's traders, codes and frauds are not these.
- It must not be used to judge a person, to set a penalty, or to answer whether a product is genuine."""
_LIMITS: Final = """## Limits

- It learned from what was inspected. What nobody inspects it cannot know: keep the random inspections
  (`lotproof risk select`), and make this card anew with their results.
- A probability holds for lines like those it was made from; `lotproof risk drift` tells when they no longer are.
- Past rates of traders weigh on traders. One found wrong stays higher for as long as that result is among those
  trained on; one never inspected is taken for an average one.
- Reasons tell what moved the score of this model, not what is wrong with the goods."""
_RATES: Final = """P@n %: of the first n % by score, the share that was non-compliant; *missed*: of all non-compliant
lines, the share that such a selection leaves out. All of it on lines that neither the model nor anything chosen for it
saw."""
_NOBODY: Final = """None was given. With results of lines drawn at random:
`lotproof risk card MODEL --lines FILE --results FILE`."""


def card(model: RiskModel, found: Truthful | None = None) -> str:
    """The card of a model.

    Args:
        model: The model.
        found: What later inspections drawn at random tell of it (`ledger.risk.scoring.found_at_random`).
    """
    facts, validation = model.facts, model.facts["validation"]
    parts = [
        f"# Risk model of {facts['administration']}",
        _details(model),
        _USE,
        _training(facts),
        "## Error rates",
        _error_rates(validation),
        "## Reliability of its probabilities",
        _reliability(validation["by_groups"]["reliability"]),
        "## What inspections drawn at random found since",
        _since(found),
        _LIMITS,
    ]
    return "\n\n".join(parts) + "\n"


def _details(model: RiskModel) -> str:
    facts, chosen = model.facts, model.made.chosen
    grown = ", ".join(f"{name} {value}" for name, value in chosen.trees._asdict().items())
    rows = [
        f"- Model `{model.digest}`.",
        f"- Made on {facts['made_on']} with LightGBM {facts['lightgbm']}, seed {facts['seed']}.",
        f"- Chosen among {len(model.made.worth)} ways by groups held out inside the training lines.",
        f"- Past rates of: {', '.join(model.made.encoder.past) or 'nobody'}.",
        f"- Trees: {grown}; a group of n copies weighs n^{1 - chosen.copies:.2g}.",
        f"- Features: {len(model.made.encoder.names)}, from {', '.join(_columns(model))}.",
        *(f"- Made from `{name}`, SHA-256 `{digest}`." for name, digest in facts["files"].items()),
    ]
    return "\n".join(rows)


def _columns(model: RiskModel) -> list[str]:
    encoder = model.made.encoder
    return [f"`{name}`" for name in ("classification_id", *encoder.categories, *encoder.numbers)]


def _training(facts: Json) -> str:
    inspected = facts["inspected"]
    ways = ", ".join(f"{count:,} {way or 'not said'}" for way, count in inspected["selected_by"].items())
    joined = "; ".join("+".join(columns) for columns in facts["grouped_by"])
    share = inspected["non_compliant"] / inspected["lines"]
    rows = [
        "## Training data",
        "",
        f"- {inspected['lines']:,} inspected lines, {inspected['first_day']} to {inspected['last_day']}.",
        f"- {inspected['non_compliant']:,} of them non-compliant ({share:.1%}).",
        f"- How they came to be inspected: {ways}.",
        f"- {facts['groups']:,} groups of copies, joined by {joined}.",
        f"- Left out: {facts['faulty_rows']:,} faulty rows.",
        f"- Results without a line: {inspected['results_without_a_line']:,}.",
    ]
    return "\n".join(rows)


def _error_rates(validation: Json) -> str:
    ways = {
        "by groups, 5 folds (the honest figure for goods not seen before)": validation["by_groups"],
        f"later lines, from {validation['first_later_day']}": validation["in_time"],
        "of these, goods not seen before": validation["in_time_new"],
    }
    shares = " | ".join(f"P@{share:.0%} | missed" for share in SHARES)
    lines = [f"| Tried on | lines | non-compliant | {shares} | AUC |", "|---" * (4 + 2 * len(SHARES)) + "|"]
    for name, trial in ways.items():
        ranking = trial["ranking"]
        pairs = zip(ranking["precision"], ranking["recall"], strict=True)
        cells = [f"{_figure(precision)} | {_figure(recall, from_one=True)}" for precision, recall in pairs]
        share = trial["non_compliant"] / trial["lines"] if trial["lines"] else None
        row = (name, f"{trial['lines']:,}", _figure(share), *cells, _figure(ranking["auc"]))
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join([*lines, "", _RATES])


def _reliability(reliability: Json) -> str:
    lines = ["| said | found | 95 % | lines |", "|---|---|---|---|"]
    for each in reliability["bins"]:
        ends = each["interval"]
        said = f"{ends['low']:.1%} to {ends['high']:.1%}"
        lines.append(f"| {each['said']:.1%} | {each['found']:.1%} | {said} | {each['lines']:,} |")
    words = [
        f"Mean distance of said and found: {reliability['expected_error']:.1%}.",
        f"Brier score {reliability['brier']:.4f}; {reliability['brier_of_rate']:.4f} if every line had the mean rate.",
        "Intervals take lines for independent; copies make them somewhat too narrow.",
    ]
    return "\n".join([*lines, "", *words])


def _since(found: Truthful | None) -> str:
    if found is None:
        return _NOBODY
    rows = [
        f"- Of all lines, {_estimate(found.non_compliant)} are non-compliant; the model said {found.said:.1%}.",
        f"- Of the {PICKED:.0%} that scores pick, {_estimate(found.precision)} are.",
        f"- Of the non-compliant lines, scores miss {_estimate(found.missed)}.",
    ]
    return "\n".join(rows)


def _estimate(each: Estimate) -> str:
    if not each.trials:
        return "(none drawn)"
    low, high = each.interval
    return f"{each.hits / each.trials:.1%} (95 %: {low:.1%} to {high:.1%}; {each.hits:,} of {each.trials:,})"


def _figure(value: float | None, *, from_one: bool = False) -> str:
    if value is None:
        return "-"
    return f"{1 - value if from_one else value:.3f}"
