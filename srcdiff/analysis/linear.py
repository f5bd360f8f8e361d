"""Linear forms over integers, and whether inequalities between them can hold.

    i - k - 1 >= 0,  k - j - 1 >= 0,  j - i >= 0     cannot hold: their sum is -2 >= 0

Equations are solved for a variable with the coefficient 1 or -1; of the inequalities that are left,
variables are eliminated one after another (Fourier and Motzkin). What is found is proved; what is
not found within the limits may still be so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import gcd
from typing import Any

Term = Any
"""What stands for a variable: anything that can be a key."""
MOST = 120
"""Inequalities that are looked at: more are given up."""


@dataclass(frozen=True, slots=True)
class Linear:
    """A sum of variables with integer coefficients, none of them 0, and a constant."""

    terms: tuple[tuple[Term, int], ...]
    constant: int = 0

    def __add__(self, other: "Linear | int") -> "Linear":
        return self.plus(other, 1)

    def __sub__(self, other: "Linear | int") -> "Linear":
        return self.plus(other, -1)

    def __neg__(self) -> "Linear":
        return self * -1

    def __mul__(self, factor: int) -> "Linear":
        terms = tuple((t, f * factor) for t, f in self.terms) if factor else ()
        return Linear(terms, self.constant * factor)

    def plus(self, other: "Linear | int", times: int) -> "Linear":
        """Return the sum with so many times another form."""
        if isinstance(other, int):
            return Linear(self.terms, self.constant + other * times)
        constant = self.constant + other.constant * times
        if not other.terms:
            return Linear(self.terms, constant)
        found = dict(self.terms)
        for term, factor in other.terms:
            found[term] = found.get(term, 0) + factor * times
        return linear(found, constant)

    @property
    def common(self) -> int:
        """The greatest common divisor of the coefficients; 0 of a constant."""
        return gcd(*(factor for _, factor in self.terms))


def linear(terms: Mapping[Term, int], constant: int = 0) -> Linear:
    """Return a form without terms that are 0."""
    return Linear(tuple((term, factor) for term, factor in terms.items() if factor), constant)


def variable(term: Term) -> Linear:
    """Return the form that is one variable."""
    return Linear(((term, 1),))


def contradictory(inequalities: Iterable[Linear], equations: Iterable[Linear] = ()) -> bool:
    """Say whether no integers make every inequality >= 0 and every equation 0."""
    least, equal = list(inequalities), list(equations)
    while equal:
        form = equal.pop()
        common = form.common
        if form.constant % common if common else form.constant:
            return True
        solved = next((pair for pair in form.terms if abs(pair[1]) == 1), None)
        if solved is None:
            least += [form, -form]
            continue
        least = [_replaced(each, solved, form) for each in least]
        equal = [_replaced(each, solved, form) for each in equal]
    return _eliminate(least)


def _replaced(form: Linear, solved: tuple[Term, int], equation: Linear) -> Linear:
    """Return `form` without the variable that `equation` gives."""
    term, sign = solved
    factor = dict(form.terms).get(term, 0)
    return form.plus(equation, -factor * sign) if factor else form


def _eliminate(inequalities: list[Linear]) -> bool:
    known = _tightest(inequalities)
    while known is not None:
        term = _cheapest(known)
        if term is None or len(known) > MOST:
            return False
        known = _tightest(_without(known, term))
    return True


def _tightest(inequalities: Iterable[Linear]) -> list[Linear] | None:
    """Return the inequalities with terms, divided by what is common; None: one is not true."""
    least: dict[frozenset[tuple[Term, int]], Linear] = {}
    for form in inequalities:
        common = form.common
        if common == 0:
            if form.constant < 0:
                return None
            continue
        tight = form
        if common > 1:
            terms = tuple((term, factor // common) for term, factor in form.terms)
            tight = Linear(terms, form.constant // common)
        key = frozenset(tight.terms)
        if key not in least or tight.constant < least[key].constant:
            least[key] = tight
    return list(least.values())


def _cheapest(inequalities: list[Linear]) -> Term | None:
    """Return the variable whose elimination leaves the fewest inequalities."""
    signs: dict[Term, list[int]] = {}
    for form in inequalities:
        for term, factor in form.terms:
            signs.setdefault(term, [0, 0])[factor > 0] += 1
    return min(signs, key=lambda term: signs[term][0] * signs[term][1], default=None)


def _without(inequalities: list[Linear], term: Term) -> list[Linear]:
    """Return what follows from the inequalities for the other variables."""
    factors = [(form, dict(form.terms).get(term, 0)) for form in inequalities]
    above = [(form, factor) for form, factor in factors if factor > 0]
    below = [(form, -factor) for form, factor in factors if factor < 0]
    rest = [form for form, factor in factors if factor == 0]
    return rest + [low * b + high * a for low, a in above for high, b in below]
