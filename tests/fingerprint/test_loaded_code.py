"""Code that was imported is hashed as it was imported, or refused if its file says something else by now."""

from __future__ import annotations

import importlib
import subprocess
import sys
import types

import pytest

from pytest_claims import Measurement
from pytest_claims.fingerprint.fingerprint import Computation, fingerprint
from pytest_claims.fingerprint.loaded_code import EditedError, text_of
from pytest_claims.store.store import Store
from pytest_claims.support.errors import ClaimsError

MODULE = """
import functools

class Settings:
    rate = 0.1

    def double(self):
        return 2 * self.rate

    @property
    def half(self):
        return self.rate / 2

def stepped(seed, steps=3, *, size=5):
    return seed * steps * size

def other():
    return 1

def checked(value):
    assert value > 0, "positive"
    return value

@functools.lru_cache
def remembered():
    return 5

def measure(arrays, tier, seed):
    return {"rate": Settings().double() + other() + checked(seed + 1), "stepped": stepped(seed)}
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Import a module; gives it, and what edits its file afterwards."""
    (tmp_path / "lesson_arms.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "lesson_arms", raising=False)
    loaded = importlib.import_module("lesson_arms")

    def edit(before, after):
        file = tmp_path / "lesson_arms.py"
        assert before in file.read_text()
        file.write_text(file.read_text().replace(before, after))

    yield loaded, edit
    sys.modules.pop("lesson_arms", None)


def of(loaded):
    return fingerprint(
        Measurement(loaded.measure), tier="fast", data_hash="", computation=Computation("measurement", 1)
    )


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("return 1", "return 2", "other"),
        ("return 2 * self.rate", "return 3 * self.rate", "Settings.double"),
        ("return self.rate / 2", "return self.rate / 3", "Settings.half"),
        ("rate = 0.1", "rate = 0.2", "Settings.rate"),
        ("assert value > 0", "assert value > 1", "checked"),
        ("def other():", "def another():", "other"),
        ("seed + 1", "seed + 2", "measure"),
        ("def other():\n    return 1", "def other(x=0):\n    return 1", "other"),
        ("steps=3", "steps=4", "stepped was imported with another default of steps"),
        ("size=5", "size=6", "stepped was imported with another default of size"),
    ],
)
def test_code_that_was_edited_after_it_was_imported_is_refused_by_name(module, before, after, named):
    loaded, edit = module
    of(loaded)
    edit(before, after)
    with pytest.raises(ClaimsError, match="would run code that its file does not hold any more") as caught:
        of(loaded)
    assert named in str(caught.value)
    assert "restart the notebook's kernel" in str(caught.value)


@pytest.mark.parametrize(("name", "member"), [("double", lambda self: 9), ("rate", 0.5)])
@pytest.mark.parametrize("hashed_before", [True, False])
def test_a_class_whose_members_were_replaced_is_refused_by_name(module, name, member, hashed_before):
    loaded, _ = module
    if hashed_before:
        of(loaded)
    setattr(loaded.Settings, name, member)
    with pytest.raises(ClaimsError, match=rf"would run code that its file does not hold any more: Settings\.{name}"):
        of(loaded)


@pytest.mark.parametrize("registered", [True, False])
def test_a_module_that_other_code_executed_is_compared_with_its_file(module, tmp_path, monkeypatch, registered):
    executed, edit = types.ModuleType("executed"), module[1]
    if registered:
        monkeypatch.setitem(sys.modules, "executed", executed)
    exec(compile(MODULE, str(tmp_path / "lesson_arms.py"), "exec", dont_inherit=True), vars(executed))
    assert text_of(executed.other)
    edit("return 1", "return 2")
    with pytest.raises(EditedError, match="other was imported, and then edited in"):
        text_of(executed.other)


HELPER = """
RATE = 0.1
calls = 0

def rate():
    global calls
    calls += 1
    return RATE
"""


def test_a_constant_of_a_module_that_code_imports_is_compared_with_its_file(module, tmp_path):
    loaded, edit = module
    edit("def other():\n", "def other():\n    from lesson_helper import rate\n    rate()\n")
    loaded = importlib.reload(loaded)
    helper = tmp_path / "lesson_helper.py"
    helper.write_text(HELPER)
    known = of(loaded)
    loaded.other()
    assert of(loaded) == known  # a number that changes while running is no edit
    helper.write_text(HELPER.replace("0.1", "0.25"))
    with pytest.raises(ClaimsError, match=r"RATE of lesson_helper was imported as 0\.1, and then edited"):
        of(loaded)
    del sys.modules["lesson_helper"]


def test_edits_that_change_no_code_that_is_used_are_no_reason(module):
    loaded, edit = module
    known = of(loaded)
    edit("import functools\n", "import functools\n# A comment moves all lines.\n\ndef unused():\n    return 0\n")
    assert of(loaded) == known
    edit("return 5", "return 6")  # nothing that is measured calls it
    assert of(loaded) == known


def test_an_edit_and_its_opposite_are_no_reason(module):
    loaded, edit = module
    known = of(loaded)
    edit("return 1", "return 2")
    edit("return 2\n", "return 1\n")
    assert of(loaded) == known


def test_a_module_that_was_edited_before_its_first_hash_is_refused_as_well(module):
    loaded, edit = module
    edit("seed + 1", "seed + 2")
    with pytest.raises(EditedError, match="measure was imported, and then edited in"):
        text_of(loaded.measure)


def test_a_file_that_is_gone_cannot_be_read(module, tmp_path):
    loaded, _ = module
    (tmp_path / "lesson_arms.py").unlink()
    with pytest.raises(OSError, match="there is no file"):
        text_of(loaded.measure)


def test_a_function_that_a_test_module_holds_is_known_with_its_rewritten_assertions():
    def local(value):
        assert value == 1, "one"

    assert "assert value == 1" in text_of(local)


NOTEBOOK = """
import pathlib, sys
sys.path.insert(0, "")
import pytest
pytest.main(["-q", "-p", "no:cacheprovider", "--collect-only"])
arms = pathlib.Path("lesson_arms.py")
import lesson_arms
arms.write_text(arms.read_text().replace("mean=0.9", "mean=0.1"))
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider"]))
"""


def test_a_notebook_that_edits_its_arms_does_not_train_the_old_ones(catalogue):
    (catalogue.path / "lesson_arms.py").write_text(
        "import numpy as np\nfrom pytest_claims import Measurement, arm\n\n"
        "def draw(seed, mean=0.9):\n    return np.random.default_rng(seed).normal(mean, 0.01)\n\n"
        "def measure(arrays, tier, seed):\n    return {'accuracy': draw(seed)}\n\n"
        "model = arm(Measurement(measure))\n"
    )
    (catalogue.path / "conftest.py").write_text('pytest_plugins = ["lesson_arms"]\n')
    catalogue.write(
        test_model='@pytest.mark.claim("A01", "It is good.")\ndef test_model(model, judge):\n'
        "    assert judge(model.measured('accuracy'), above=0.5)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", NOTEBOOK], cwd=catalogue.path, capture_output=True, text=True, check=False
    )
    # Defaults are no code of their own: the text that holds them was edited.
    told = result.stdout + result.stderr
    assert result.returncode == 4, told
    assert "would run code that its file does not hold any more: draw" in told
    with Store.open(catalogue.store, read_only=True) as store:
        assert store.summary() == []
