"""What was found, as Markdown: each claim once, in the chapter of its verdict, and where records disagree."""

from __future__ import annotations

import pytest

from pytest_claims.cli.main import main
from pytest_claims.record.schema import record_text
from pytest_claims.report.findings import findings
from tests.helpers.report_sample import claim, log, part, record

REFUTED = {"verdict": "refuted", "reason": "negligible", "estimate": 0.0003, "low": -0.0005, "high": 0.0011}


def chapter_of(text, claim_id):
    """The heading above a claim's entry."""
    before = text[: text.index(f"[{claim_id}]")]
    return before.rsplit("\n## ", 1)[1].splitlines()[0]


def test_claims_stand_in_the_chapter_of_their_verdict():
    text = findings(
        [
            record(
                claims=[
                    claim("A", part()),
                    claim("B", part(**REFUTED), because="It is too small."),
                    claim("C", part(), part(verdict="inconclusive", reason="straddles")),
                    claim("D1a", part(**REFUTED)),
                    claim("D1b", part()),
                    claim("E", part(verdict="inconclusive", reason="straddles")),
                    claim("P-near", log(1.1, "compatible", 0.4)),
                    claim("F", message="no data"),
                ]
            )
        ],
        "lecture/claims.html",
    )
    expected = {
        "A": "What holds",
        "B": "What does not hold",
        "C": "What holds only in part",
        "D1a": "What holds only in part",
        "D1b": "What holds",
        "E": "What could not be decided",
        "P-near": "Published logs",
    }
    assert {claim_id: chapter_of(text, claim_id) for claim_id in expected} == expected
    assert "[B](lecture/claims.html#B)" in text
    assert "It is too small." in text
    assert "[F]" not in text


def test_other_records_add_their_claims_and_where_verdicts_differ():
    first = record(claims=[claim("A", part()), claim("B", part())])
    other = record(claims=[claim("A", part(**REFUTED)), claim("B", part()), claim("C", part())], tier="full")
    text = findings([first, other], "claims.html")
    assert "**C (full, stand-ins)**" in text
    assert "| A | supported | refuted |" in text
    assert "| B |" not in text


def test_stand_ins_stand_beside_real_data_of_the_same_tier():
    stand_in = record(claims=[])
    real = record(claims=[], data=[data | {"kind": "real"} for data in stand_in["data"]])
    curves = {"mean": [], "low": [], "high": []}
    for held, losses in ((real, [[0.5, 0.2, 0.3], [0.5, 0.4, 0.7]]), (stand_in, [[0.5, 0.4, 0.3]])):
        metrics = {"val_cross_entropy": losses, "val_accuracy": [[0.7, 0.9, 0.8]]}
        held["arms"] = [held["arms"][0] | {"curves": {key: curves | {"runs": runs} for key, runs in metrics.items()}}]
    text = findings([real, stand_in], "claims.html")
    assert "| 90.0 % → 90.0 % | 2.0 → 3.0 | 0.200 → 0.000 |" in text
    assert "Stand-ins beside" not in findings([real], "claims.html")


def test_command_prints_them(tmp_path, capsys):
    file = tmp_path / "claims.json"
    file.write_text(record_text(record()), encoding="utf-8")
    assert main(["findings", str(file), "--page", "there.html"]) == 0
    assert "[C01](there.html#C01)" in capsys.readouterr().out


def test_engines_stand_side_by_side_with_what_differs_named():
    one = record(
        claims=[claim("A", part()), claim("B", part()), claim("C", part())], engine={"name": "stacked", "semantics": 1}
    )
    other = record(
        claims=[claim("A", part(**REFUTED)), claim("B", part()), claim("C", message="no data")],
        engine={"name": "fit", "semantics": 1},
    )
    text = findings([one], "claims.html", [one, other])
    table = text.split("## Engines side by side", 1)[1]
    assert "2 claims in the fast tier" in table
    assert "by `--claims-engine` stacked and fit. Verdicts differ in 1 of them: A." in table
    assert "| A | supported | refuted |" in table
    assert "| B | supported | supported |" in table
    assert "| C |" not in table
    assert "Engines side by side" not in findings([one], "claims.html")
    with pytest.raises(ValueError, match="of the same tier, seeds, looks and data"):
        findings([one], "claims.html", [one, {**other, "first_seed": 900}])
