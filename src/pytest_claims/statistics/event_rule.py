"""The rule for events that happen in more than a share of the runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_claims.statistics.decisions import Decision, check_look
from pytest_claims.statistics.looks import ALPHA, Look
from pytest_claims.statistics.rule import Booleans, Rule
from pytest_claims.statistics.shares import RELIABLY, USUALLY, is_less, is_more, tested_share


@dataclass(frozen=True)
class EventRule(Rule):
    """An event happens in more than a given share of the runs, see `event`. A value of 1 means that it happened."""

    name = "event"
    keywords: ClassVar = {"usually": "usually", "reliably": "reliably"}
    is_of_events = True
    no_mirror = "an event is counted, and has no negative"

    @classmethod
    def margin_asked(cls, keyword: str, given: Any) -> float:
        """Return the share that the keyword stands for."""
        return USUALLY if keyword == "usually" else RELIABLY

    def decide(self, values: ArrayLike, look: Look) -> Decision:
        """See `event`."""
        [threshold] = self.bounds
        return event(self.holds(values), threshold=threshold, look=look)

    def holds(self, values: ArrayLike) -> Booleans:
        """Tell in which runs the event happened."""
        return np.asarray(np.asarray(values) == 1)

    def is_counted(self, values: NDArray[np.float64]) -> bool:
        """Return True: seeds are always counted."""
        return True

    def share_asked(self, look: Look) -> tuple[float, float]:
        """Return the rule's share and the whole alpha, which the last look spends at once."""
        return self.bounds[0], ALPHA


def event(outcomes: NDArray[np.bool_], *, threshold: float, look: Look, alpha: float = ALPHA) -> Decision:
    """Decide whether an event happens in more than the share `threshold` of runs, by the exact binomial test.

    The last look judges the event, with the whole of `alpha`. At earlier looks the claim is inconclusive, ``"not yet
    due"``. At the last look it is inconclusive as ``"underpowered"`` if so few seeds could support it with no outcome,
    else as ``"straddles"``. It is refuted as ``"reversed"`` if the test shows that the event happens in less than half
    of the runs, else as ``"missed"``.

    Parameters
    ----------
    outcomes
        Shape ``(num_seeds,)``, boolean: True if the event happened.
    threshold
        `USUALLY` (1/2) or `RELIABLY` (2/3), a share between 0 and 1.
    look
        Gives the number of seeds and the number of parts of the claim, and tells if it is the last look.
    alpha
        One-sided level of the claim, a probability.

    Returns
    -------
    Decision
        The estimate is the share, with the interval at 1 − 2·alpha.

    Raises
    ------
    ValueError
        If the outcomes are not boolean, or not one for each seed of the look; or if a probability is out of range.

    Notes
    -----
    Source: the p-values equal those of ``scipy.stats.binomtest``.

    Examples
    --------
    >>> import numpy as np
    >>> from pytest_claims.statistics import looks
    >>> stalls = np.array([True] * 18 + [False] * 2)
    >>> decision = event(stalls, threshold=USUALLY, look=looks("fast")[-1])
    >>> f"That 18 of 20 runs stall means that runs usually stall: {decision.verdict}."
    'That 18 of 20 runs stall means that runs usually stall: supported.'
    """
    happened = np.asarray(outcomes)
    if happened.dtype != np.bool_ or happened.ndim != 1 or happened.size == 0:
        raise ValueError(
            "outcomes must be booleans of shape (num_seeds,), at least one; "
            f"received dtype {happened.dtype}, shape {happened.shape}"
        )
    if not 0 < threshold < 1:
        raise ValueError(f"threshold must be a share between 0 and 1, such as 1/2 or 2/3; received {threshold}")
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha must lie between 0 and 0.5; received {alpha}")
    check_look(happened.size, look)
    count, num = int(happened.sum()), happened.size
    share = tested_share(count, num, threshold, alpha)
    if not look.last:
        return Decision("inconclusive", "not yet due", share)
    if is_more(count, num, threshold, alpha):
        return Decision("supported", None, share)
    if is_less(count, num, threshold, alpha / look.parts):
        return Decision("refuted", "reversed" if is_less(count, num, 0.5, alpha / look.parts) else "missed", share)
    return Decision("inconclusive", "straddles" if is_more(num, num, threshold, alpha) else "underpowered", share)
