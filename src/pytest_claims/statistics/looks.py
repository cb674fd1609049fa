"""When a claim is looked at, and how much of its error each look may spend."""

from __future__ import annotations

import math
from dataclasses import dataclass

ALPHA = 0.0005
"""One-sided level of one claim: with a hundred claims, about one report in twenty holds a wrong verdict."""

# A small share is spent early, where only large effects show, and most at the end.
_SPENDING = {
    "fast": ((10, 0.3), (20, 0.7)),
    "full": ((10, 0.2), (20, 0.3), (30, 0.5)),
}


@dataclass(frozen=True)
class Look:
    """One occasion on which a claim may be decided.

    Parameters
    ----------
    num_seeds
        How many seeds are judged: always the first ones of the block.
    alpha
        One-sided level spent here.
    first, last
        Whether it is the first, or the last, of its schedule.
    parts
        Of how many parts the claim consists. All must be supported for the claim to be, each at `alpha`; but any of
        them refutes it, so each does that at ``alpha / parts``.

    Raises
    ------
    ValueError
        If the number of seeds or of parts is not positive, or `alpha` not between 0 and 0.5.

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

    def __post_init__(self) -> None:
        if self.num_seeds < 1:
            raise ValueError(f"a look needs at least one seed; received num_seeds={self.num_seeds}")
        if not 0 < self.alpha < 0.5:
            raise ValueError(f"alpha must lie between 0 and 0.5; received {self.alpha}")
        if self.parts < 1:
            raise ValueError(f"a claim has at least one part; received parts={self.parts}")

    @property
    def refuting_alpha(self) -> float:
        """One-sided level at which one part refutes its claim."""
        return self.alpha / self.parts

    def asks_unanimity(self, level: float) -> bool:
        """Whether the look decides at this level only if all seeds lie on one side of the margin.

        True at the first of several looks; and wherever a sign-flip test could not reach the level, its smallest
        p-value being 2^−num_seeds, so that unanimity is the most it can say.
        """
        return (self.first and not self.last) or 2.0**-self.num_seeds > level


def looks(tier: str, alpha: float = ALPHA) -> tuple[Look, ...]:
    """Give the looks of a tier, in order; what they spend adds up to `alpha`.

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
    Source: K. K. G. Lan and D. L. DeMets, "Discrete sequential boundaries for clinical trials", Biometrika 70 (1983),
    for spending; that the sum bounds the error needs Boole's inequality alone.

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
    return tuple(Look(n, fraction * alpha, i == 0, i == last) for i, (n, fraction) in enumerate(spending))


def fixed_look(num_seeds: int, alpha: float = ALPHA) -> Look:
    """Give the one look, with the whole alpha, of a run whose number of seeds is fixed beforehand.

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
    return Look(num_seeds, alpha, first=True, last=True)


def family_error_rate(num_claims: int, alpha: float = ALPHA) -> float:
    """Give the nominal probability of at least one wrong verdict among independent claims.

    Parameters
    ----------
    num_claims
        Number of statistical claims, 0 or more.
    alpha
        One-sided level of each, a probability.

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
