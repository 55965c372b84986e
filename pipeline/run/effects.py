"""What the proposed answers do: each year's gain and income, computed again with one of them at a time.

The questions that may change most come first, as many as a small part of a minute is enough for; of a proposal that the
person has to fill in first nothing can be told.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial

from msgspec.structs import replace

from pipeline import questions as q
from pipeline.answers import NO_OTHER_SIDE, Answers
from pipeline.fiat import decimals_of
from pipeline.gains.derive import Basis, derive
from pipeline.gains.stakes import gains_of
from pipeline.ledger import Ledger
from pipeline.model import FROM_FILE, Label, Price, Result
from pipeline.money import ZERO, exact, parse, round_to
from pipeline.questions import Question
from pipeline.run.opening import opening_position
from pipeline.run.reporting import opening

ROWS = 40_000  # that are derived anew at most, all questions together: some seconds

Figures = dict[tuple[int, str], Decimal]


def with_effects(
    found: Iterable[Question], result: Result, ledger: Ledger, basis: Basis, said: Answers
) -> list[Question]:
    """The questions, those that may change most first, with what their proposals come to. `result`: as it is now."""
    ordered = sorted(found, key=q.rank)
    rows, prices = ledger.transactions(), ledger.prices()
    begin = opening_position(ledger, basis)
    again = partial(derive, rows, basis=basis, opening=opening(ledger, basis, begin.filing), start=begin.position)
    left = ROWS // max(1, len(rows))
    told, now = [], _figures(result, basis)
    for question in ordered:
        given = _given(question, said, prices) if left > 0 else None
        if given is None:
            told.append(question)
            continue
        left -= 1
        answers, known = given
        then = _figures(again(prices=known, answers=answers), basis)
        told.append(replace(question, if_proposed=_told(now, then, basis)))
    return told


def _given(question: Question, said: Answers, prices: Sequence[Price]) -> tuple[Answers, Sequence[Price]] | None:
    """The answers and prices with the proposal among them; None: it says nothing without more."""
    ref, word = question.key, question.proposed
    if question.layout is q.ASSETS:
        return replace(said, assets={**said.assets, (question.account, question.asset): word}), prices
    if question.layout is q.PRICES:
        if not word or question.day is None:
            return None
        price = Price(question.asset, question.filled[0], parse(word), FROM_FILE, day=question.day)
        return said, [*prices, price]
    if word.startswith((q.TO, q.FROM)):
        other = word.partition(" ")[2]
        pair = {ref: other} if word.startswith(q.TO) else {other: ref}
        return replace(said, matches={**said.matches, **pair}), prices
    if word == q.STILL_MINE:
        return replace(said, matches={**said.matches, ref: NO_OTHER_SIDE}), prices
    if word == q.WORTHLESS:
        labels, worthless = {**said.labels, ref: Label.AIRDROP}, {**said.worthless, ref: ""}
        return replace(said, labels=labels, worthless=worthless), prices
    if word == q.FIRST_COUNTS:
        return replace(said, repeats={**said.repeats, (ref, question.filled[0]): True}), prices
    if word == q.ONE_ACCOUNT:
        return replace(said, accounts={**said.accounts, ref: question.filled[0]}), prices
    return None


def _figures(result: Result, basis: Basis) -> Figures:
    """By year and what it is of. Income without a value is none, as in a report's total."""

    def year(at: datetime) -> int:
        return basis.rules.year.of(at.astimezone(basis.zone).date())

    with exact():
        found = {(y, "gain"): gain for y, gain in gains_of(result.disposals, basis.rules, basis.zone).items()}
        for income in result.incomes:
            key = year(income.at), "income"
            found[key] = found.get(key, ZERO) + (income.value or ZERO)
    return found


def _told(now: Figures, then: Figures, basis: Basis) -> str:
    lines, decimals = [], decimals_of(basis.currency)
    for year, what in sorted(now.keys() | then.keys()):
        before, after = (round_to(figures.get((year, what), ZERO), decimals) for figures in (now, then))
        if before != after:
            lines.append(f"{what} of {year}: {after:,}; now {before:,} {basis.currency}")
    unchanged = "no year's gain or income changes" if basis.rules.gains else ""  # elsewhere holdings are what counts
    return "\n".join(lines) or unchanged
