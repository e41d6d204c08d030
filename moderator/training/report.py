"""The model card, Markdown: what a bundle is, what it was fitted to, and how good it is where it was not."""

from collections.abc import Iterable, Mapping
from typing import Any

from moderator.domain import ATTRIBUTES
from moderator.training.evaluate import Line

_COLUMNS = ("source", "lang", "attribute", "rows", "positive", "AUC", "surface", "AP", "TPR@1%", "TPR@5%", "ECE")

_USE = """\
It scores reader comments for the seven attributes {attributes}. A score is the probability at a reference prevalence
of 0.5 (as many comments with the attribute as without), not the share of a site's comments: take thresholds from
`curves.json` and the site's own prevalence. It is meant to put comments before a person, not to reject them alone."""

_VIEWS = """\
Two views of a text, one logit each, added with weights by language: hashed character and word n-grams, and a linear
head on a sentence encoder ({encoder})."""

_LIMITS = """\
- What counts as toxic follows the rule that harsh criticism of the powerful is fine and contempt for a person or a
  group is not; public corpora disagree with it in part, and with each other.
- The sentence encoder was not taught Ukrainian; `severe_toxicity` was judged by annotators in English alone.
- Spam in news comments does not exist in public corpora: links, near-duplicates and history belong to the policy.
- The rows written for this project share one kind of hand: their numbers show that the table reproduces, no more.
- Irony, dog whistles and new slurs are missed; reclaimed words and quoted insults are sometimes held."""


def table(lines: Iterable[Line]) -> str:
    """A Markdown table of `lines`; shares and areas to three decimals."""
    rows = [_COLUMNS, *(_cells(line) for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    text = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    text.insert(1, " | ".join("-" * width for width in widths))
    return "".join(f"| {line} |\n" for line in text)


def card(identifier: str, training: Mapping[str, Any], sections: Mapping[str, str]) -> str:
    """The card: what it is, what it knows not, and `sections`: heading → Markdown, in their order."""
    parts = [
        f"# Model card: bundle {identifier}\n",
        _USE.format(attributes=", ".join(f"`{name}`" for name in ATTRIBUTES)) + "\n",
        _VIEWS.format(encoder=training.get("encoder", "see the manifest")) + "\n",
        "## Known limits\n",
        _LIMITS + "\n",
    ]
    for heading, text in sections.items():
        parts += [f"## {heading}\n", text.rstrip() + "\n"]
    return "\n".join(parts)


def trained_table(sources: Mapping[str, Mapping[str, Any]]) -> str:
    """A Markdown table of the sources a bundle was fitted to, with the digests of their files."""
    rows = [
        f"| {name} | {source['rows']:,} | {source['train']:,} | {source['weight']:g} | `{source['sha256'][:16]}` |\n"
        for name, source in sources.items()
    ]
    return "| source | rows | fitted to | weight | SHA-256 |\n|---|---|---|---|---|\n" + "".join(rows)


def _cells(line: Line) -> tuple[str, ...]:
    numbers = (
        line.auc,
        line.surface_auc,
        line.average_precision,
        line.recall_1,
        line.recall_5,
        line.calibration_error,
    )
    return (
        line.source,
        line.language,
        line.attribute,
        str(line.rows),
        str(line.positives),
        *(f"{number:.3f}" for number in numbers),
    )


def retrained_sections(
    parent: str, parent_card: str, gates: Iterable[Mapping[str, Any]], metrics: Mapping[str, Any]
) -> dict[str, str]:
    """Sections for a bundle that corrects `parent`: what it learnt from, how it compared, the parent's own card."""
    labels, articles = metrics["labels"], metrics["articles"]
    learnt = (
        f"Bundle {parent} plus a correction fitted to {labels['learnt_from']:,} labels of a site"
        f" ({articles['learnt_from']} articles); compared on {labels['held_out']:,} more"
        f" ({articles['held_out']} articles). Thresholds by goal rest on the parent's curves: labels"
        " do not move the level of its scores. Scored as before:\n\n"
        + "".join(f"- {name}: {why}\n" for name, why in metrics["kept"].items())
    )
    lines = "".join(
        f"- {gate['name']}{' of ' + gate['attribute'] if gate['attribute'] else ''}: **{gate['outcome']}**,"
        f" {gate['detail']}\n"
        for gate in gates
    )
    below = "".join(f"> {line}\n" if line else ">\n" for line in parent_card.splitlines())
    return {"What it corrects": learnt, "Against the champion": lines, f"The card of {parent}": below}
