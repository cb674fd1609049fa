"""The schema of the record: it takes what a session writes, and names what is wrong in anything else."""

from __future__ import annotations

import json
import math
from copy import deepcopy

import jsonschema_rs
import pytest

from pytest_claims.record.schema import read_record, record_text, schema, validate
from pytest_claims.support import record_types as types
from pytest_claims.support.record_types import Record
from tests.helpers.report_sample import claim, part, record


def as_json(held):
    return json.loads(record_text(held))


def test_the_schema_is_a_schema():
    jsonschema_rs.meta.validate(schema())


def test_a_record_satisfies_it_and_survives_json():
    validate(as_json(record()))


def test_every_field_is_required():
    for field in record():
        incomplete = record()
        del incomplete[field]
        with pytest.raises(ValueError, match=field):
            validate(as_json(incomplete))


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
        (["claims", 0, "parts", 0, "alternative"], "usually", r"\$\.claims\[0\]\.parts\[0\]\.alternative"),
        (["claims", 0, "parts", 0, "values", 3], "nan", r"\$\.claims\[0\]\.parts\[0\]\.values\[3\]"),
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
        validate(as_json(wrong))


@pytest.mark.parametrize("version", [1, 2, "3", None])
def test_another_version_is_refused_by_its_number(version):
    with pytest.raises(ValueError, match=f"schema {version!r}.*reads 4"):
        validate(record(schema=version))


def test_what_is_not_an_object_is_refused():
    with pytest.raises(ValueError, match="schema None"):
        validate(["claims"])


def test_a_claim_that_did_not_run_needs_no_parts():
    validate(as_json(record(claims=[claim("C05")])))
    validate(as_json(record(claims=[claim("C05", part("equivalence", margin=[0.1, 0.2], alternative="within"))])))


def test_numbers_of_seeds_that_are_not_finite_come_back_from_a_file(tmp_path):
    values = [math.inf, -math.inf, math.nan, 0.1]
    flags = {"at_least": [True, False, False, False], "at_most": None}
    operand = {"quantity": "a", "unit": "nats", "difference": False, "values": values}
    held = part(num_seeds=4, values=values, operands=[operand], **flags)
    note = operand | {"seeds": [0, 1, 2, 3]}
    file = tmp_path / "claims.json"
    file.write_text(record_text(record(claims=[claim("C01", held, notes=[note])])), encoding="utf-8")
    read = read_record(file)["claims"][0]
    [found] = read["parts"]
    assert '["Infinity", "-Infinity", "NaN", 0.1]' in file.read_text(encoding="utf-8")
    for numbers in (found["values"], found["operands"][0]["values"], read["notes"][0]["values"]):
        assert numbers[:2] == [math.inf, -math.inf]
        assert math.isnan(numbers[2])
        assert numbers[3] == 0.1
    assert {name: found[name] for name in flags} == flags


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        (Record, []),
        *((types.ClaimRecord, ["claim"]), (types.PartRecord, ["part"]), (types.ArmRecord, ["arm"])),
        *((types.CurveRecord, ["curve"]), (types.DataRecord, ["data"]), (types.MarkRecord, ["mark"])),
        *((types.ShareRecord, ["flagged"]), (types.ReproductionRecord, ["reproduction"])),
        *((types.StabilityRecord, ["stability"]), (types.LookRecord, ["look"]), (types.ControlRecord, ["control"])),
        *((types.CertificateRecord, ["certificate"]), (types.EngineRecord, ["properties", "engine"])),
        (types.NoteRecord, ["note"]),
        (types.ChangedVerdictsRecord, ["properties", "changed_verdicts"]),
        (types.OperandRecord, ["part", "properties", "operands", "items"]),
        (types.MeanRecord, ["part", "properties", "mean"]),
    ],
)
def test_types_and_schema_have_the_same_keys(kind, place):
    found = schema()
    for step in place:
        found = found["$defs"][step] if step in found.get("$defs", {}) else found[step]
    assert kind.__required_keys__ == set(found["required"])
    assert kind.__required_keys__ | kind.__optional_keys__ == set(found["properties"])


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
