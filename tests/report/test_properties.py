"""Whatever numbers and words a record holds, its page is whole, runs nothing and shows the words."""

from __future__ import annotations

import json
import math

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from pytest_claims.record.schema import record_text, validate
from pytest_claims.report.html import render
from pytest_claims.report.markdown import markdown
from pytest_claims.report.terminal import table
from tests.helpers.report_sample import VERDICTS, arm, claim, curve, part, record
from tests.report.test_page import Page

numbers = st.floats(-1e300, 1e300)
shares = st.floats(0, 1)
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)


ALTERNATIVES = {
    "superiority": ["greater", "less"],
    "equivalence": ["within"],
    "event": ["usually", "reliably"],
    "exact": ["exactly"],
}


@st.composite
def parts(draw: st.DrawFn) -> dict:
    low, estimate, high = sorted(draw(st.lists(numbers, min_size=3, max_size=3)))
    num_seeds = draw(st.integers(1, 30))
    seeds = st.lists(st.sampled_from([math.inf, -math.inf, math.nan]) | numbers, min_size=num_seeds, max_size=num_seeds)
    known = draw(st.booleans())
    rule = draw(st.sampled_from(sorted(ALTERNATIVES)))
    return part(
        rule,
        draw(st.sampled_from(VERDICTS)),
        quantity=draw(words),
        reason=draw(st.none() | words),
        estimate=estimate if known else None,
        low=low if known else None,
        high=high if known else None,
        pvalue=draw(st.none() | shares),
        margin=sorted(draw(st.lists(numbers, min_size=2, max_size=2))) if rule == "equivalence" else draw(numbers),
        alternative=draw(st.sampled_from(ALTERNATIVES[rule])),
        unit=draw(st.sampled_from(["", "accuracy", "nats", "ratio", "epochs"])),
        num_seeds=num_seeds,
        values=draw(seeds),
    )


@st.composite
def claims(draw: st.DrawFn) -> dict:
    return claim(
        draw(words),
        *draw(st.lists(parts(), max_size=3)),
        statement=draw(words),
        because=draw(st.none() | words),
        message=draw(st.none() | words),
        source=draw(st.none() | words),
        arms=draw(st.lists(st.sampled_from(["a", "b", "gone"]), unique=True)),
    )


@st.composite
def curves(draw: st.DrawFn) -> dict:
    num_epochs = draw(st.integers(1, 4))
    runs = st.lists(st.none() | st.floats(-1e150, 1e150), min_size=num_epochs, max_size=num_epochs)
    return curve(draw(st.lists(runs, min_size=1, max_size=3)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    found=st.lists(claims(), max_size=3, unique_by=lambda one: one["id"]), metric=st.sampled_from(["val_loss", "loss"]),
    drawn=curves(), lecture=words,
)  # fmt: skip
@example(
    [claim("A", part("superiority", "refuted", unit="ratio", margin=1e13, values=[1e13]))],
    "loss",
    curve([[1.0]]),
    "Far",
)
@example(
    [claim("A", part("superiority", "refuted", unit="ratio", margin=1e-13, values=[1e-13]))],
    "loss",
    curve([[1.0]]),
    "Near",
)
@example([claim("A", statement="0" * 33 + "\N{DEVANAGARI VOWEL SIGN OE}")], "loss", curve([[1.0]]), "Combining")
@example([claim("A", statement="\N{CJK UNIFIED IDEOGRAPH-4E00}" * 60)], "loss", curve([[1.0]]), "Wide")
def test_any_record_is_told_whole(found: list[dict], metric: str, drawn: dict, lecture: str) -> None:
    told = record(claims=found, arms=[arm("a", 0.9), arm("b", 0.8) | {"curves": {metric: drawn}}], lecture=lecture)
    validate(json.loads(record_text(told)))

    page = Page(render(told))

    assert page.open == []
    assert len([tag for tag, _ in page.elements if tag == "script"]) == 1
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    for one in found:
        assert " ".join(one["statement"].split()) in page.text
    # In columns of a terminal: a combining character has none, and some characters have two.
    assert max(map(cell_len, table(told, width=80, color=False).splitlines()), default=0) <= 80
    assert markdown(told)
