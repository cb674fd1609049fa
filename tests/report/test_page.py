"""The page: what it holds, that it is one file which runs nothing, and that it survives any record."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
import time
from html.parser import HTMLParser

import pytest

from pytest_claims.report.html import render
from tests.helpers.report_sample import ZEROS, arm, certificate, claim, curve, mark, part, record

NAN = float("nan")
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Elements of a page as (tag, attributes), its text, and whether tags close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def values(self, *names: str) -> list[str]:
        return [attributes[name] or "" for _, attributes in self.elements for name in names if name in attributes]


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(render(record()))


def card(claim_record, **changes) -> str:
    return render(record(claims=[claim_record], **changes))


def test_elements_are_closed_in_order(page):
    assert page.open == []


def test_ids_are_unique_and_every_link_and_label_has_its_target(page):
    ids = page.values("id")
    targets = [value.removeprefix("#") for value in page.values("href")]
    labels = [label for value in page.values("aria-labelledby") for label in value.split()]

    assert len(ids) == len(set(ids))
    assert set(targets) | set(labels) <= set(ids)


def test_nothing_is_loaded_from_elsewhere(page):
    assert all(value.startswith("#") for value in page.values("href"))
    assert page.values("src", "srcset", "data", "action", "xlink:href") == []
    assert {tag for tag, _ in page.elements}.isdisjoint({"link", "iframe", "object", "embed", "img", "base"})
    assert not re.search(r"url\(|@import", render(record()))


def test_only_the_own_script_runs_and_only_the_own_style_sheet_counts(page):
    policies = [a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]

    assert len(policies) == 1
    assert "default-src 'none'; style-src 'sha256-" in policies[0]
    assert [tag for tag, _ in page.elements].count("script") == 1
    script = re.search(r"<script>(.*?)</script>", render(record()), re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policies[0]
    assert "unsafe" not in policies[0]
    assert not [
        name for _, attributes in page.elements for name in attributes if name.startswith("on") or name == "style"
    ]


def test_markup_in_any_text_is_shown_and_not_obeyed():
    evil = "</style><script>alert(1)</script><img src=x onerror=alert(2)>\" onload='x'"
    texts = {"statement": evil, "because": evil, "message": evil, "source": evil, "section": evil, "test": evil}
    text = render(
        record(
            lecture=evil,
            claims=[claim(evil, part(quantity=f"val_accuracy {evil}", reason=evil), **texts, arms=[evil])],
            arms=[arm(evil, 0.9, model=evil)],
            data=[{"name": evil, "kind": "real", "content_hash": evil, "origin": evil}],
            environment={"python": evil, "platform": evil, "pytest_claims": evil},
        )
    )
    page = Page(text)

    assert [tag for tag, _ in page.elements].count("script") == 1
    assert "img" not in {tag for tag, _ in page.elements}
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert text.count("<script>") == 1
    assert "<script>alert(1)</script>" in page.text


def test_every_claim_can_be_linked_to_and_stands_in_the_table(page):
    ids = page.values("id")

    assert all(claim["id"] in ids for claim in record()["claims"])
    assert page.text.count("An L2 penalty makes the network much more resistant to overfitting.") >= 3


def test_an_id_that_cannot_stand_in_a_link_gets_another_anchor():
    page = Page(card(claim("4 + 4 <b>", part())))

    assert "#claim-0" in page.values("href")
    assert "4 + 4 <b>" in page.text


def test_a_stand_in_is_announced_at_the_head_and_on_the_card(page):
    assert "IMDB could not be had" in page.text
    assert "data: IMDB (stand-in)" in page.text


def test_real_data_are_not_announced_as_a_stand_in():
    real = [{"name": "MNIST", "kind": "real", "content_hash": "4f", "origin": "cache"}]

    assert "could not be had" not in Page(render(record(data=real, claims=[claim("C01", part())]))).text


def test_a_partial_report_says_so():
    assert "This report is partial" in Page(render(record(partial=True))).text
    assert "This report is partial" not in Page(render(record())).text


def test_findings_start_with_the_unexpected_and_the_changed_then_the_refuted(page):
    text = page.text.split("Findings", 2)[2].split("Overview")[0]
    places = [text.index(claim_id) for claim_id in ("C03", "N03", "R09", "R07", "C06", "C02", "N02")]

    assert places == sorted(places)
    assert "Sixty thousand images" in text
    assert "C01" not in text


def test_the_error_rate_is_that_of_the_record(page):
    assert "one-sided level of 0.0005" in page.text
    assert "nominal probability that any is wrong is 0.45 %" in page.text


def test_a_card_has_what_is_needed_to_repeat_it(page):
    assert 'pytest "claims/test_noise_channels.py::test_c01[fast]"' in page.text
    assert "mnist_zeros → mnist_noise: data.decode: beside_zeros → beside_noise" in page.text


def test_curves_are_of_the_metric_that_the_quantity_names():
    text = Page(card(claim("C01", part(marks=[mark("val_cross_entropy", "lowest")], unit="nats")))).text

    assert "Learning curves: val_cross_entropy" in text
    assert "Learning curves: val_accuracy" not in text


def test_figures_have_a_title_a_description_and_their_numbers_as_a_table():
    drawn = [a for tag, a in Page(render(record())).elements if tag == "svg" and a.get("role") == "img"]
    page = Page(card(claim("C01", part(values=[0.008, 0.0123, float("inf")], seeds=[4, 5, 6], num_seeds=3))))

    assert all(len((attributes["aria-labelledby"] or "").split()) == 2 for attributes in drawn)
    assert "3 seeds" not in page.text.split("a dot per seed")[0].rsplit("seed by seed", 1)[1]
    assert "2 seeds from +0.80 points to +1.23 points" in page.text
    assert "5 +1.23 points 6 —" in page.text
    assert "1 seed without a finite value" in page.text


def test_curves_break_where_a_run_has_no_number():
    runs = [[0.5, None, 0.7, 0.8], [0.5, 0.6, 0.7, 0.8]]
    broken = arm(ZEROS, 0.9) | {"curves": {"val_accuracy": curve(runs)}}
    text = card(claim("C01", part(), arms=[ZEROS]), arms=[broken])
    mean = re.search(r'<path class="mean arm-0" d="(M[^"]*)"', text)

    assert mean is not None
    assert mean[1].count("M") == 2
    assert "nan" not in text.lower().replace("dominant", "")


@pytest.mark.parametrize(
    "odd",
    [
        claim(
            "A",
            part(estimate=None, low=None, high=None, pvalue=None, values=[NAN] * 10, verdict="inconclusive"),
        ),
        claim("A", part(estimate=0.0, low=0.0, high=0.0, margin=0.0, values=[0.0] * 10, verdict="inconclusive")),
        claim("A", part(num_seeds=1, seeds=[0], values=[0.01])),
        claim("A", part(unit="ratio", margin=0.5, estimate=1e-9, low=0.0, high=1e9, difference=False)),
        claim("A", part(unit="ratio", margin=0.5, estimate=1.0, low=5e-324, high=1e300, difference=False)),
        claim("A", part(), arms=["gone"]),
        claim("A", part(), arms=[]),
        claim("A", part(estimate=1e12, low=-1e12, high=1e13, unit="")),
    ],
    ids=["nothing finite", "all the same", "one seed", "zero ratio", "endless ratio", "unknown arm", "no arm", "huge"],
)
def test_odd_records_are_rendered(odd):
    page = Page(card(odd))

    assert page.open == []
    assert "Traceback" not in page.text


def test_an_arm_that_the_record_lacks_is_named():
    assert "gone: not in this record" in Page(card(claim("A", part(), arms=["gone"]))).text


def test_a_record_without_claims_is_rendered():
    text = Page(render(record(claims=[], arms=[], data=[]))).text

    assert "0 claims put to the test" in text
    assert "No statistical verdict" in text


def large_record():
    claims = [claim(f"C{i:02}", part(num_seeds=30), arms=["a", "b"]) for i in range(25)]
    arms = [arm(name, 0.9, num_seeds=30, num_epochs=20) for name in "ab"]
    return record(claims=claims, arms=arms)


def test_twenty_five_claims_of_thirty_seeds_stay_small_and_quick():
    started = time.process_time()
    text = render(large_record())

    assert len(text.encode()) < 1_000_000
    assert time.process_time() - started < 1


@pytest.mark.parametrize(("num_claims", "has_runs", "has_curves"), [(201, False, True), (2000, False, False)])
def test_many_claims_leave_out_the_runs_and_then_the_curves(num_claims, has_runs, has_curves):
    many = large_record()
    many["claims"] = [claim(f"C{i:04}", part(num_seeds=30), arms=["a", "b"]) for i in range(num_claims)]
    started = time.process_time()
    text = render(many)

    assert time.process_time() - started < 10
    assert len(text.encode()) < 10_000_000
    assert ('<path class="run" d="M' in text) == has_runs
    assert ("Learning curves" in text) == has_curves


def test_rendering_needs_no_numerical_library():
    code = (
        "import sys; from tests.helpers.report_sample import record; from pytest_claims.report.html import render; "
        "render(record()); print(sorted({'numpy', 'scipy', 'jax', 'keras', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_of_many_runs_only_the_first_are_drawn_and_the_caption_says_so():
    shown = re.search(
        r'<path class="run" d="([^"]*)"', card(claim("C01", part()), arms=[arm(ZEROS, 0.9, num_seeds=30)])
    )

    assert shown is not None
    assert shown[1].count("M") == 10
    assert "the first 10 single runs faintly" in card(claim("C01", part()), arms=[arm(ZEROS, 0.9, num_seeds=30)])


def test_the_certificate_tells_what_calibration_measured():
    row = {
        "rule": "typical", "schedule": "fast", "alpha": 0.0005, "shape": "stuck 10 %", "quantity": "supported",
        "rate": 0.0002, "num_families": 200_000, "nominal": 0.0005, "promise": "at most", "keeps_promise": True,
    }  # fmt: skip
    of_mean = row | {"rule": "superiority", "rate": 0.089, "promise": None}
    figures = {"power": 0.77, "promised": 0.75, "lowest": 0.6}
    planted = certificate()["controls"][0] | {"name": "planted", "figures": figures}
    kept = {"statistics": "a0", "created": "2026-11-21T08:00:00+00:00", "planted": planted, "rows": [row, of_mean]}
    page = render(record(certificate=certificate() | {"calibration": kept}))
    assert "1 of 1 promised rates are kept. Where runs get stuck, a mean is judged wrongly in up to 8.9 % of " in page
    assert "families, a typical run in up to 0.02 %." in page
    assert "found in 77 % of draws, 75 % are promised." in page
    assert "Calibration was not run" in render(record())


@pytest.mark.parametrize(("ok", "words"), [(True, "all came out as stored"), (False, "imdb_l2 came out otherwise")])
def test_the_certificate_names_what_was_audited(ok, words):
    arms = [{"name": "imdb_l2", "seed": 3, "ok": ok}]
    kept = {"created": "2026-11-21T08:00:00+00:00", "audit_seed": 17, "arms": arms}
    page = render(record(certificate=certificate() | {"audit": kept}))
    assert "drawn at random from 17" in page
    assert "imdb_l2 with seed 3" in page
    assert words in page
