"""The looks at a claim: after how many seeds each is, and how much of the claim's alpha it spends."""

from __future__ import annotations

import math
from dataclasses import dataclass

ALPHA = 0.0005
"""One-sided level of one claim: of reports with a hundred claims, about one in twenty has a wrong verdict."""

# Early looks can show only large effects, so they spend a small share of alpha; the last look spends most. Signs cannot
# decide on ten seeds, so a typical run is judged from twenty seeds on: its shares stand behind those of means.
_SPENDING = {
    "fast": ((10, 0.3, 0.0), (20, 0.7, 1.0)),
    "full": ((10, 0.2, 0.0), (20, 0.3, 0.27), (30, 0.5, 0.73)),
}


@dataclass(frozen=True)
class Look:
    """One occasion at which a claim may be decided.

    Parameters
    ----------
    num_seeds
        Number of seeds that the look judges: the first ones of the block.
    alpha
        One-sided level that the look spends on a mean.
    typical_alpha
        One-sided level that it spends on a typical run; 0 if it does not judge one.
    first, last
        True if it is the first, or the last, look of its schedule.
    parts
        Number of parts of the claim. The claim is supported if all parts are, each at `alpha`. One part can refute the
        claim, so each part refutes at ``alpha / parts``.

    Raises
    ------
    ValueError
        If the number of seeds or of parts is not positive, or a level is not between 0 and 0.5.

    Examples
    --------
    >>> look = Look(num_seeds=20, alpha=0.00035, first=False, last=True, parts=2)
    >>> f"With two parts, each refutes at {look.refuting_alpha:.6f}."
    'With two parts, each refutes at 0.000175.'
    """

    num_seeds: int
    alpha: float
    first: bool
    last: bool
    parts: int = 1
    typical_alpha: float = 0.0

    def __post_init__(self) -> None:
        if self.num_seeds < 1:
            raise ValueError(f"a look needs at least one seed; received num_seeds={self.num_seeds}")
        if not 0 < self.alpha < 0.5:
            raise ValueError(f"alpha must lie between 0 and 0.5; received {self.alpha}")
        if not 0 <= self.typical_alpha < 0.5:
            raise ValueError(f"typical_alpha must lie between 0 and 0.5; received {self.typical_alpha}")
        if self.parts < 1:
            raise ValueError(f"a claim has at least one part; received parts={self.parts}")

    @property
    def refuting_alpha(self) -> float:
        """The one-sided level at which one part refutes its claim."""
        return self.alpha / self.parts

    def asks_unanimity(self, level: float) -> bool:
        """Tell if the look decides at this level only if all seeds lie on one side of the margin.

        True at the first of several looks. Also true if the smallest p-value of a sign-flip test, 2^−num_seeds, exceeds
        the level: unanimity is then the strongest evidence that the signs can give.
        """
        return (self.first and not self.last) or 2.0**-self.num_seeds > level


def looks(tier: str, alpha: float = ALPHA) -> tuple[Look, ...]:
    """Give the looks of a tier, in order; their levels add up to `alpha`, for means as for typical runs.

    Parameters
    ----------
    tier
        ``"fast"`` (10 and 20 seeds) or ``"full"`` (10, 20 and 30).
    alpha
        One-sided level of the claim, a probability.

    Raises
    ------
    ValueError
        If the tier is unknown.

    Notes
    -----
    Source for spending: K. K. G. Lan and D. L. DeMets, "Discrete sequential boundaries for clinical trials",
    Biometrika 70 (1983). The sum of the levels bounds the error by Boole's inequality.

    Examples
    --------
    >>> stops = [look.num_seeds for look in looks("full")]
    >>> f"An undecided claim is looked at after {stops[0]}, {stops[1]} and {stops[2]} seeds."
    'An undecided claim is looked at after 10, 20 and 30 seeds.'
    """
    if tier not in _SPENDING:
        raise ValueError(f"unknown tier {tier!r}; expected one of {', '.join(map(repr, _SPENDING))}")
    spending = _SPENDING[tier]
    last = len(spending) - 1
    return tuple(
        Look(n, of_mean * alpha, i == 0, i == last, typical_alpha=of_typical * alpha)
        for i, (n, of_mean, of_typical) in enumerate(spending)
    )


def fixed_look(num_seeds: int, alpha: float = ALPHA) -> Look:
    """Give the single look, with the whole alpha, of a claim whose number of seeds is fixed beforehand.

    Parameters
    ----------
    num_seeds
        At least 1; the rules on means need 2.
    alpha
        One-sided level of the claim, a probability.

    Raises
    ------
    ValueError
        If the number is not positive.

    Examples
    --------
    >>> look = fixed_look(12)
    >>> f"{look.num_seeds} seeds are judged once, at {look.alpha}."
    '12 seeds are judged once, at 0.0005.'
    """
    return Look(num_seeds, alpha, first=True, last=True, typical_alpha=alpha)


def family_error_rate(num_claims: int, alpha: float = ALPHA) -> float:
    """Give the nominal probability of at least one wrong verdict among independent claims.

    Parameters
    ----------
    num_claims
        Number of statistical claims, 0 or more.
    alpha
        One-sided level of each claim, a probability.

    Raises
    ------
    ValueError
        If the number is negative.

    Notes
    -----
    Source: Z. Šidák, "Rectangular confidence regions for the means of multivariate normal distributions", JASA 62
    (1967).

    Examples
    --------
    >>> f"In a report of 100 claims a verdict is wrong with probability {family_error_rate(100):.3f}."
    'In a report of 100 claims a verdict is wrong with probability 0.049.'
    """
    if num_claims < 0:
        raise ValueError(f"the number of claims must be 0 or more; received {num_claims}")
    return -math.expm1(num_claims * math.log1p(-alpha))
