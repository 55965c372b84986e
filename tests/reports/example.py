"""A small year of a taxpayer in New York, built by hand; each test changes what it is about."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.model import (
    Amount,
    Derivative,
    Disposal,
    Income,
    Kind,
    Label,
    Lot,
    Result,
    Rule,
    Term,
    Transaction,
    Values,
)
from pipeline.rules.base import rules_of
from reports.table import Report

NEW_YORK = ZoneInfo("America/New_York")
D = Decimal


def at(text: str) -> datetime:
    """An instant in UTC: "2025-03-01 19:05"."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def disposal(id: str = "d1", **changes: Any) -> Disposal:
    proceeds, cost = changes.pop("proceeds", D("150.255")), changes.pop("cost_basis", D("100.125"))
    fields: dict[str, Any] = {
        "acquisition_id": "a1",
        "account": "Kraken",
        "asset": "BTC",
        "quantity": D("0.5"),
        "acquired_at": at("2024-06-01 12:00"),
        "disposed_at": at("2025-03-01 19:05"),
        "term": Term.SHORT,
        "rule": Rule.FIFO,
        "kind": Kind.SALE,
    }
    return Disposal(id, proceeds=proceeds, cost_basis=cost, **fields | changes)


def gift(id: str = "g1", **changes: Any) -> Disposal:
    return disposal(id, proceeds=D(40), cost_basis=D(40), kind=Kind.GIFT, taxed=False, **changes)


def income(id: str = "i1", **changes: Any) -> Income:
    fields: dict[str, Any] = {
        "at": at("2025-05-05 10:00"),
        "day": at("2025-05-05 10:00").date(),
        "account": "Kraken",
        "asset": "ETH",
        "quantity": D("0.01"),
        "kind": Label.REWARD,
        "value": D("25.5"),
    }
    return Income(id, **fields | changes)


def derivative(id: str, what: str, value: Decimal | None, **changes: Any) -> Derivative:
    fields: dict[str, Any] = {
        "at": at("2025-06-06 10:00"),
        "day": at("2025-06-06 10:00").date(),
        "account": "Kraken",
        "asset": "USD",
        "quantity": value or D(1),
        "words": "closed",
    }
    return Derivative(id, value=value, what=what, **fields | changes)


def transaction(id: str = "t1", when: str = "2025-03-01 19:05", **changes: Any) -> Transaction:
    fields: dict[str, Any] = {"source": "kraken", "source_id": f"K-{id}"}
    return Transaction(id, at(when), "Kraken", **fields | changes)


LOT = Lot("a2", "Kraken", "BTC", D("1.25"), at("2024-06-01 12:00"), D("250.5"), D("300"))


def report(year: int = 2025, country: str = "us", **parts: Any) -> Report:
    """A report on the given disposals, incomes, lots, transactions, issues ..."""
    empty: dict[str, Any] = {
        "disposals": [],
        "lots": [],
        "incomes": [],
        "transactions": [],
        "values": Values(),
        "transfers": {},
        "allocations": [],
        "issues": [],
    }
    told = parts.pop("form_1099_da", {})
    rules = rules_of(country)
    result = Result(**empty | parts)
    period = rules.year.period(year, NEW_YORK)
    return Report(
        result, period, rules, "USD", NEW_YORK, "fifo", "account", "1.2.3", "0123456789abcdef", form_1099_da=told
    )


def full() -> Report:
    """One of everything."""
    return report(
        disposals=[
            disposal(),
            disposal("d2", term=Term.LONG, proceeds=D("10.005"), cost_basis=D("33.333333333333333333333333")),
            disposal("d3", proceeds=None, asset="SHIB"),
            gift(),
        ],
        incomes=[income(), income("i2", kind=Label.MINING, value=D("1.25")), income("i3", value=None)],
        derivatives=[derivative("m1", "profit", D(30)), derivative("m2", "fee", D(-2)), derivative("m3", "loss", None)],
        lots=[LOT, Lot("f", "Kraken", "USD", D(5), None, D(5), D(5))],
        transactions=[
            transaction(sent=Amount(D("0.5"), "BTC"), received=Amount(D("150.255"), "USD"), fee=Amount(D(1), "USD"))
        ],
        values=Values({"t1": (D("150.255"), "fiat")}),
    )
