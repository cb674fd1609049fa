"""A terminal or a pipe that cannot encode a character gets another one, never an error."""

from __future__ import annotations

import subprocess
import sys

import pytest

CLAIM = """
@pytest.mark.claim("A01", "High – Höhe, 高い – is low…", expected="supported")
def test_high(high, low, judge):
    assert judge(low.measured("accuracy") - high.measured("accuracy"), above=0.0)
"""


@pytest.fixture(params=["cp1252", "ascii"])
def in_code_page(request, catalogue, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", request.param)
    catalogue.write(test_numbers=CLAIM)
    return catalogue


def run(catalogue, *options):
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=catalogue.path,
        capture_output=True,
        check=False,
    )
    return result.returncode, result.stdout.decode("latin-1").splitlines()


def test_the_table_and_the_failure_of_a_session_keep_their_lines(in_code_page):
    status, lines = run(in_code_page)
    assert status == 1
    assert not [line for line in lines if "\\n" in line or "\\u" in line or "INTERNALERROR" in line]
    assert [line for line in lines if line.startswith("A01") and "refuted !" in line and " -0.0" in line]
    assert "1 claim: 1 refuted; 1 unexpected" in lines
    assert "A01: expected supported, got refuted" in lines


def test_the_lines_before_the_tests_are_no_error(in_code_page):
    (in_code_page.path / "test_numbers.py").rename(in_code_page.path / "test_höhe.py")
    conftest = in_code_page.path / "conftest.py"
    conftest.write_text(conftest.read_text(encoding="utf-8") + "\nジ = low\n", encoding="utf-8")
    (in_code_page.path / "test_höhe.py").write_text(
        "import pytest\npytestmark = pytest.mark.section('Numbers')\n" + CLAIM.replace("low", "ジ"), encoding="utf-8"
    )
    status, lines = run(in_code_page)
    assert status == 1
    assert [line for line in lines if line.startswith("claims: ?") and "runs in" in line]
    assert not [line for line in lines if "INTERNALERROR" in line]


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
@pytest.mark.parametrize("name", ["summary", "findings"])
def test_commands_print_what_can_be_encoded(catalogue, monkeypatch, name, encoding):
    catalogue.write(test_numbers=CLAIM)
    catalogue.run()
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    code = "import sys; from pytest_claims.cli.main import main; sys.exit(main(sys.argv[1:]))"
    record = str(catalogue.path / "reports" / "claims.json")
    result = subprocess.run([sys.executable, "-c", code, name, record], capture_output=True, check=False)
    assert (result.returncode, result.stderr) == (0, b"")
    text = result.stdout.decode(encoding)
    assert ("高い" if encoding == "utf-8" else "??") in text
    assert ("−0.0" if encoding == "utf-8" else "-0.0") in text


def test_an_error_message_is_printed_as_far_as_it_can_be(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii:strict")
    code = "import sys; from pytest_claims.cli.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "summary", str(tmp_path / "−.json")]
    result = subprocess.run(command, capture_output=True, check=False)
    assert result.returncode == 2
    assert b"-.json" in result.stderr
    assert b"Traceback" not in result.stderr
