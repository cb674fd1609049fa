"""The schema of the record: it takes what a session writes, and names what is wrong in anything else."""

from __future__ import annotations

import json
from copy import deepcopy

import jsonschema_rs
import pytest

from pytest_claims.record.schema import schema, validate
from tests.helpers.report_sample import claim, part, record


def test_the_schema_is_a_schema():
    jsonschema_rs.meta.validate(schema())


def test_a_record_satisfies_it_and_survives_json():
    validate(json.loads(json.dumps(record(), allow_nan=False)))


def test_every_field_is_required():
    for field in record():
        incomplete = record()
        del incomplete[field]
        with pytest.raises(ValueError, match=field):
            validate(incomplete)


@pytest.mark.parametrize(
    ("place", "value", "named"),
    [
        (["tier"], "slow", r"\$\.tier"),
        (["looks"], [], r"\$\.looks"),
        (["alpha"], 1.5, r"\$\.alpha"),
        (["user"], "me", "user"),
        (["data", 0, "kind"], "fake", r"\$\.data\[0\]\.kind"),
        (["claims", 0, "verdict"], "proven", r"\$\.claims\[0\]"),
        (["claims", 0, "parts"], [], r"\$\.claims\[0\]\.parts"),
        (["claims", 0, "outcome"], "xpassed", r"\$\.claims\[0\]\.outcome"),
        (["claims", 0, "parts", 0, "margin"], [0.1, 0.2], r"\$\.claims\[0\]\.parts\[0\]\.margin"),
        (["claims", 0, "parts", 0, "alternative"], "within", r"\$\.claims\[0\]\.parts\[0\]\.alternative"),
        (["claims", 0, "parts", 0, "values", 3], "NaN", r"\$\.claims\[0\]\.parts\[0\]\.values\[3\]"),
        (["arms", 0, "curves", "val_accuracy", "runs", 0, 0], "0.9", r"\$\.arms\[0\]\.curves\.val_accuracy\.runs"),
    ],
)
def test_what_is_wrong_is_named(place, value, named):
    wrong = deepcopy(record())
    holder = wrong
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value

    with pytest.raises(ValueError, match=named):
        validate(wrong)


@pytest.mark.parametrize("version", [1, 3, "2", None])
def test_another_version_is_refused_by_its_number(version):
    with pytest.raises(ValueError, match=f"schema {version!r}.*reads 2"):
        validate(record(schema=version))


def test_what_is_not_an_object_is_refused():
    with pytest.raises(ValueError, match="schema None"):
        validate(["claims"])


def test_a_claim_that_did_not_run_needs_no_parts():
    validate(record(claims=[claim("C05")]))
    validate(record(claims=[claim("C05", part("equivalence", margin=[0.1, 0.2], alternative="within"))]))


def test_every_field_is_documented(pytestconfig):
    text = (pytestconfig.rootpath / "docs/reading-the-report.md").read_text(encoding="utf-8")
    fields = {name for place in _objects(schema()) for name in place.get("properties", {})}

    assert {field for field in fields if f"`{field}`" not in text} == set()


def _objects(node):
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from _objects(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _objects(inner)
