"""The answer to "why": a tree of steps, each with what it is about, its facts, its arithmetic, and what it rests on.

    Step("lot 5d41...: 1 BTC", (("acquired", "2024-01-05T12:00:00-05:00"),), (cost,), (purchase,))

A sum is only made where it comes out to the last digit (`summed`): who reads it can compute it again.
"""

from decimal import Decimal

from msgspec import Struct

from pipeline.money import ZERO, plain, split

Facts = tuple[tuple[str, str], ...]


class Term(Struct, frozen=True, gc=False):
    """A number of a sum, in words. `share`: only such a part of it, units of units; `times`: so many of it; `less`:
    taken off."""

    value: Decimal
    words: str
    share: tuple[Decimal, Decimal] | None = None
    times: Decimal | None = None
    less: bool = False

    @property
    def amount(self) -> Decimal:
        """What it adds, in the exact context."""
        value = self.value if self.share is None else split(self.value, *self.share)
        value = value if self.times is None else value * self.times
        return -value if self.less else value

    def __str__(self) -> str:
        whole = self.share is None or self.share[0] == self.share[1]
        share = "" if self.share is None or whole else f" x {plain(self.share[0])} / {plain(self.share[1])}"
        times = "" if self.times is None else f" x {plain(self.times)}"
        return f"{plain(self.value)}{share}{times} ({self.words})"


class Sum(Struct, frozen=True, gc=False):
    """`value` is what the terms add up to, exactly; a share is cut after 24 decimals."""

    what: str
    value: Decimal
    terms: tuple[Term, ...]

    def __str__(self) -> str:
        first, *more = self.terms
        text = ("- " if first.less else "") + str(first)
        text += "".join(f" {'-' if term.less else '+'} {term}" for term in more)
        return f"{self.what} {plain(self.value)} = {text}"


class Step(Struct, frozen=True, gc=False):
    """`id`: of what it is about, as reports show it; "" where that has none. What the facts do not say is not known."""

    what: str
    facts: Facts = ()
    sums: tuple[Sum, ...] = ()
    because: tuple["Step", ...] = ()
    id: str = ""


def summed(what: str, value: Decimal | None, *terms: Term) -> tuple[Sum, ...]:
    """The sum, if it is one; nothing for a figure that came about otherwise."""
    if value is None or not terms or sum((term.amount for term in terms), ZERO) != value:
        return ()
    return (Sum(what, value, terms),)


def known(*facts: tuple[str, str | Decimal | None]) -> Facts:
    """The facts that there are."""
    said = ((name, plain(fact) if isinstance(fact, Decimal) else fact) for name, fact in facts)
    return tuple((name, text) for name, text in said if text)
