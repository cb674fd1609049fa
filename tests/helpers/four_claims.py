"""Four claims about random numbers."""

from __future__ import annotations

FOUR_CLAIMS = """
@pytest.mark.claim("A01", "High is high.")
def test_high(high, judge):
    assert judge(high.measured("accuracy"), above=0.55)

@pytest.mark.claim("A02", "Low is low.")
def test_low(low, judge):
    assert judge(low.measured("accuracy"), below=0.55)

@pytest.mark.claim("A03", "Vague is high.", expected="inconclusive", because="It is spread too widely.")
def test_vague(vague, judge):
    assert judge(vague.measured("accuracy"), above=0.5)

@pytest.mark.claim("A04", "High is low.", expected="refuted", because="It is higher.")
def test_high_is_low(high, low, judge):
    assert judge(high.measured("accuracy") - low.measured("accuracy"), below=0.0)
"""
