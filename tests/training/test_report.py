from moderator.training.evaluate import Line
from moderator.training.report import card, retrained_sections, table, trained_table

LINE = Line(
    source="threads",
    language="en",
    attribute="threat",
    rows=120,
    positives=9,
    auc=0.9512,
    average_precision=0.5,
    recall_1=0.25,
    recall_5=0.75,
    surface_auc=0.9,
    calibration_error=0.031,
)


def test_a_table_has_a_line_for_each_line_to_three_decimals() -> None:
    head, rule, line = table([LINE]).splitlines()
    assert head.startswith("| source")
    assert set(rule) == {"|", "-", " "}
    assert [cell.strip() for cell in line.strip("|").split("|")] == [
        *("threads", "en", "threat", "120", "9"),
        *("0.951", "0.900", "0.500", "0.250", "0.750", "0.031"),
    ]


def test_a_card_says_what_scores_mean_and_what_the_model_does_not_know() -> None:
    text = card("2026.11.1", {"encoder": "an encoder 1.0"}, {"Every source": table([LINE])})
    for said in ("2026.11.1", "reference prevalence", "an encoder 1.0", "Known limits", "## Every source", "0.951"):
        assert said in text


def test_sources_are_listed_with_their_digests() -> None:
    source = {"rows": 12345, "train": 9876, "weight": 0.25, "sha256": "ab" * 32}
    assert "| wiki | 12,345 | 9,876 | 0.25 | `abababababababab` |" in trained_table({"wiki": source})


def test_the_card_of_a_correction_quotes_its_parent_s() -> None:
    sections = retrained_sections(
        "2026.11.1",
        "# Model card\n\nText",
        [{"name": "ranking", "attribute": "spam", "outcome": "passed", "detail": "AUC 0.9 against 0.8"}],
        {
            "labels": {"learnt_from": 300, "held_out": 100},
            "articles": {"learnt_from": 12, "held_out": 4},
            "kept": {"threat": "2 yes and 40 no"},
        },
    )
    assert "- threat: 2 yes and 40 no" in sections["What it corrects"]
    assert "300 labels" in sections["What it corrects"]
    assert "ranking of spam: **passed**" in sections["Against the champion"]
    assert sections["The card of 2026.11.1"] == "> # Model card\n>\n> Text\n"
