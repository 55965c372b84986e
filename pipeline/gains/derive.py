"""The stages in their order: the function to read first.

    rows -> match -> value -> assess -> book -> check -> Result

A pure function: the same arguments, in any order, give the same Result. It opens nothing, reads no
clock, and computes in the exact decimal context.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from pipeline.gains.assess import assess
from pipeline.gains.book import book
from pipeline.gains.checks import balances, check
from pipeline.gains.match import match, sort_key
from pipeline.gains.value import PriceBook, value
from pipeline.issues import Issue
from pipeline.model import (
    Allocation,
    Amount,
    Balance,
    Disposal,
    Event,
    Lot,
    Price,
    Result,
    Rule,
    Transaction,
    Transfer,
    Valued,
)
from pipeline.money import ZERO, exact
from pipeline.rules.base import Dated, Rules, Scope


@dataclass(frozen=True, slots=True)
class Basis:
    """By what the figures are computed: the country's rules and the taxpayer's choices within them."""

    rules: Rules
    currency: str
    zone: ZoneInfo
    method: str
    scope: Dated[Scope]


def derive(
    transactions: Iterable[Transaction],
    prices: Iterable[Price],
    basis: Basis,
    *,
    reported: Sequence[Balance] = (),
    opening: Sequence[Allocation] = (),
    until: datetime | None = None,
) -> Result:
    """Everything the reports need, from rows and prices alone.

    `until`: the first instant that no longer counts (a tax year's end); later rows still serve to
    find the other side of a transfer. `opening`: what a change of lot scope gave to the accounts
    when it was first reported. `reported`: balances by the exchanges, to be compared.
    """
    with exact():
        rows = sorted(transactions, key=sort_key)
        events, unmatched = match(rows)
        prices_of = PriceBook(prices, basis.currency, basis.zone)
        valued = value((e for e in events if until is None or _begins(e) < until), prices_of)
        assessed = assess(valued, basis.rules, basis.currency, basis.zone)
        booked = book(assessed.flows, basis.rules, basis.method, basis.scope, basis.zone, opening, until)
        rows = [row for event in events for row in _rows(event)]
        issues = unmatched + assessed.issues + booked.issues + check(rows, reported, _missing(booked.disposals))
        return Result(
            disposals=booked.disposals,
            lots=[_at_market(lot, prices_of, until) for lot in booked.lots],
            incomes=assessed.incomes,
            transactions=sorted(rows, key=sort_key),
            values=_values(valued),
            transfers=_other_sides(events),
            balances=balances(rows, until),
            allocations=booked.allocations,
            issues=[
                i.in_zone(basis.zone)
                for i in sorted(issues, key=_rank)
                if until is None or i.at is None or i.at < until
            ],
            needs=sorted(set(assessed.needs)),
        )


def _missing(disposals: Iterable[Disposal]) -> dict[tuple[str, str], Decimal]:
    """Units without an acquisition on record, by (account, asset)."""
    units: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for d in disposals:
        if d.rule is Rule.MISSING and not d.acquisition_id:
            units[d.account, d.asset] += d.quantity
    return dict(units)


def _rows(event: Event) -> list[Transaction]:
    """The rows of an event; a withdrawal's amount as its other side has shown it to be."""
    if isinstance(event, Transaction):
        return [event]
    out = event.out
    if event.lost is not None and out.sent is not None:
        out = replace(out, sent=Amount(out.sent.quantity + event.lost.quantity, out.sent.asset))
    return [out, event.into]


def _begins(event: Event) -> datetime:
    return min(event.out.at, event.into.at) if isinstance(event, Transfer) else event.at


def _at_market(lot: Lot, prices: PriceBook, until: datetime | None) -> Lot:
    """The lot with its market value at the end of the period, where a price is known."""
    if until is None:
        return lot
    quote = prices.quote(lot.asset, until - MOMENT)
    return lot if quote is None else replace(lot, market_value=lot.quantity * quote[0])


MOMENT = datetime.resolution


def _values(valued: Iterable[Valued]) -> dict[str, tuple[Decimal | None, str]]:
    return {v.event.id: (v.value, v.basis) for v in valued if isinstance(v.event, Transaction)}


def _other_sides(events: Iterable[Event]) -> dict[str, str]:
    pairs = [(e.out.id, e.into.id) for e in events if isinstance(e, Transfer)]
    return dict(pairs) | {into: out for out, into in pairs}


_ORDER = {"error": 0, "warning": 1, "info": 2}


def _rank(issue: Issue) -> tuple[object, ...]:
    at = issue.at.isoformat() if issue.at else ""
    return (_ORDER[issue.severity], at, issue.code, issue.account, issue.asset, issue.ref)
