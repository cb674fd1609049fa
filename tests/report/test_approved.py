"""What people read, as it was approved.

After a change on purpose run ``pytest tests/report/test_approved.py --force-regen`` and read what differs.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest

from pytest_claims.report.changes import text
from pytest_claims.report.findings import findings
from pytest_claims.report.html import render
from pytest_claims.report.markdown import markdown
from pytest_claims.report.terminal import table
from tests.helpers.report_sample import claim, part, record

SIGNIFICANT_DIGITS = 6


def newer() -> dict[str, Any]:
    """The sample, later: a verdict has changed, an effect has moved, a claim came and one went."""
    later = copy.deepcopy(record(looks=[12]))
    later["claims"][0]["verdict"] = "inconclusive"
    for name in ("estimate", "low", "high"):
        later["claims"][3]["parts"][0][name] += 0.005
    del later["claims"][-1]
    later["claims"].append(claim("Z01", part()))
    later["num_statistical"] += 1
    return later


def without_style(page: str) -> str:
    """The page without what other tests look at: style sheet, script, their hashes, and the shapes of figures."""
    page = re.sub(r"(<style>).*?(</style>)", r"\1…\2", page, flags=re.DOTALL)
    page = re.sub(r"(<script>).*?(</script>)", r"\1…\2", page, flags=re.DOTALL)
    page = re.sub(r' (d|points|transform)="[^"]*"', r' \1="…"', page)
    return re.sub(r"sha256-[\w+/=]+", "sha256-…", page)


@pytest.mark.parametrize(
    ("extension", "write"),
    [
        (".html", lambda: without_style(render(newer(), record()))),
        (".80.txt", lambda: table(record(), width=80, color=False)),
        (".120.txt", lambda: table(record(), width=120, color=False)),
        (".md", lambda: markdown(record())),
        (".findings.md", lambda: findings([record(), newer()], "claims.html")),
        (".changes.txt", lambda: text(record(), newer())),
    ],
    ids=["page", "terminal of 80 columns", "terminal of 120 columns", "summary", "findings", "changes"],
)
def test_sample_reads_as_approved(file_regression, extension, write):
    file_regression.check(write(), basename="sample", extension=extension, encoding="utf-8")


def test_record_and_terminal_of_a_run_are_as_approved(catalogue, file_regression):
    catalogue.claim()
    result = catalogue.run()
    found = scrubbed(json.loads((catalogue.path / "reports" / "claims.json").read_text(encoding="utf-8")))
    file_regression.check(json.dumps(found, indent=1, ensure_ascii=False), basename="run", extension=".json")
    lines = result.outlines[result.outlines.index(next(line for line in result.outlines if "claims, fast" in line)) :]
    told = re.sub(r"in \d+\.\d+s", "in … s", "\n".join(lines))
    file_regression.check(re.sub("=+", "=", told), basename="run", extension=".txt", encoding="utf-8")


def scrubbed(found: Any) -> Any:
    """A record without what differs from run to run: times, versions, fingerprints and last digits."""
    match found:
        case dict():
            hidden = {"created", "duration_seconds", "seconds_per_run", "fingerprint", "environment"}
            return {name: "…" if name in hidden else scrubbed(value) for name, value in found.items()}
        case list():
            return [scrubbed(value) for value in found]
        case float():
            return float(f"{found:.{SIGNIFICANT_DIGITS}g}")
    return found
