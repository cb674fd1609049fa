"""Selects the claims that run."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from pytest_claims.catalogue.claims import mark_of
from pytest_claims.support.vocabulary import TIERS, Tier

if TYPE_CHECKING:
    from _pytest.mark.expression import Expression

FULL, CONTROLS, AUDIT = "full", "controls", "audit"

NARROWING = ("lf", "stepwise", "deselect", "ignore", "ignore_glob")
"""Options that run only some of the claims that ``-m`` selects."""


def words_of_markexpr(config: pytest.Config) -> set[str]:
    """The words of the ``-m`` expression: marks and operators."""
    return set(re.findall(r"\w+", str(config.getoption("markexpr", ""))))


def deselect(items: list[pytest.Item], config: pytest.Config) -> None:
    """Deselect the full tier and a catalogue's controls unless the mark expression or a node id names them."""
    in_ids = " ".join(arg.rpartition("[")[2] for arg in config.args if "::" in arg and arg.endswith("]"))
    asked = words_of_markexpr(config) | set(re.findall(r"\w+", in_ids))
    # Other tests and other projects may use these marks for something else.
    is_catalogue = bool(config.getini("claims_lecture"))
    unwanted = [
        item
        for item in items
        if (FULL not in asked and mark_of(item) and item.get_closest_marker(FULL))
        or (CONTROLS not in asked and is_catalogue and item.get_closest_marker(CONTROLS))
    ]
    if unwanted:
        config.hook.pytest_deselected(items=unwanted)
        items[:] = [item for item in items if item not in set(unwanted)]


def is_skipped(item: pytest.Item) -> bool:
    """True if marks skip a test; a mark with a faulty condition does not, since pytest then fails the test."""
    from _pytest.skipping import evaluate_skip_marks

    try:
        return evaluate_skip_marks(item) is not None
    except pytest.fail.Exception:
        return False


def audited_tiers(config: pytest.Config) -> list[Tier]:
    """The tiers to audit: ``-m audit`` selects the fast tier, ``-m "audit and full"`` the full tier.

    ``audit`` alone also matches the full tier, but `deselect` has removed the claims of that tier.
    """
    if AUDIT not in words_of_markexpr(config) or (expression := _markexpr(config)) is None:
        return []
    # The marks of an audited run of each tier.
    marks = {tier: {AUDIT, tier} for tier in TIERS}
    return [tier for tier in TIERS if expression.evaluate(lambda name, /, of=tier, **_: name in marks[of])]


def _markexpr(config: pytest.Config) -> Expression | None:
    """The mark expression; ``None`` if it is faulty, which pytest itself reports."""
    from _pytest.mark.expression import Expression

    try:
        return Expression.compile(str(config.getoption("markexpr", "")))
    except Exception:
        return None


def runs_no_test(config: pytest.Config) -> bool:
    """True if an option makes pytest list something instead of running tests."""
    options = ("collectonly", "setupplan", "showfixtures", "show_fixtures_per_test", "markers")
    return any(config.getoption(option, False) for option in options)


def matches_marks(config: pytest.Config, items: Sequence[pytest.Item]) -> bool:
    """True if the mark expression selects one of these tests."""
    from _pytest.mark import MarkMatcher

    if not (items and config.getoption("markexpr", "")) or (expression := _markexpr(config)) is None:
        return bool(items)
    return any(expression.evaluate(MarkMatcher.from_markers(item.iter_markers())) for item in items)


def _has_own_marks(config: pytest.Config) -> bool:
    """True if this call has a mark expression of its own, which is not the one of the settings."""
    arguments = [*map(str, config.invocation_params.args), *shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))]
    return any(re.match("-[a-zA-Z]*m", argument) for argument in arguments)


def is_partial(config: pytest.Config, session: pytest.Session) -> bool:
    """True if only a selection of the claims runs. Such a session must not replace a complete report."""
    selected = any("::" in arg or arg.endswith(".py") for arg in config.args)
    narrowed = any(config.getoption(option, None) for option in ("keyword", *NARROWING))
    narrowed |= _has_own_marks(config) and bool(words_of_markexpr(config) - {*TIERS, "or", "and", AUDIT})
    stopped = session.shouldstop or session.shouldfail or session.exitstatus == pytest.ExitCode.INTERRUPTED
    return bool(selected or narrowed or stopped)
