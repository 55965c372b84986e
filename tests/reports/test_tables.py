"""Which rows a year has, and what stands in them."""

from datetime import date
from decimal import Decimal as D

import pytest

from pipeline.issues import Issue
from pipeline.model import Amount, Label, Lot
from reports import tables
from reports.table import Value
from tests.reports.example import LOT, at, disposal, full, gift, income, report, transaction


def column(table: tables.Table, name: str) -> list[Value]:
    index = [c.name for c in table.columns].index(name)
    return [row[index] for row in table.rows]


def test_the_year_is_the_taxpayers() -> None:
    around = [
        disposal("late 2024", disposed_at=at("2025-01-01 03:30")),
        disposal("first of 2025", disposed_at=at("2025-01-01 05:00")),
        disposal("last of 2025", disposed_at=at("2026-01-01 04:59:59")),
        disposal("2026", disposed_at=at("2026-01-01 05:00")),
    ]
    assert column(tables.disposals(report(2025, disposals=around)), "disposal_id") == ["first of 2025", "last of 2025"]
    assert column(tables.disposals(report(2024, disposals=around)), "disposal_id") == ["late 2024"]
    edge = income(at=at("2025-01-01 03:30"))
    assert not tables.income(report(2025, incomes=[edge])).rows
    assert tables.income(report(2024, incomes=[edge])).rows


def test_a_disposal_without_a_price_carries_no_figure() -> None:
    table = tables.disposals(full())
    assert [column(table, name)[2] for name in ("proceeds", "cost_basis", "gain")] == [None, None, None]


def test_gifts_stay_as_they_come() -> None:
    table = tables.disposals(report(disposals=[gift()]))
    assert [column(table, name) for name in ("proceeds", "cost_basis", "gain", "kind")] == [
        [D(40)],
        [D(40)],
        [D(0)],
        ["gift"],
    ]


def test_holdings_are_crypto_only_and_sorted() -> None:
    lots = [Lot("x", "Zebra", "BTC", D(1), None, D(1)), LOT, Lot("f", "Kraken", "EUR", D(9), None, D(9))]
    table = tables.holdings(report(lots=lots))
    assert column(table, "account") == ["Kraken", "Zebra"]
    assert column(table, "market_value") == [D(300), None]


BTC, ETH, USD, EUR = (Amount(D(1), asset) for asset in ("BTC", "ETH", "USD", "EUR"))


@pytest.mark.parametrize(
    ("sides", "kind"),
    [
        ({"sent": USD, "received": BTC}, "buy"),
        ({"sent": BTC, "received": USD}, "sell"),
        ({"sent": BTC, "received": ETH}, "trade"),
        ({"sent": USD, "received": EUR}, "exchange"),
        ({"received": USD}, "deposit"),
        ({"sent": BTC}, "withdrawal"),
        ({"fee": BTC}, "fee"),
        ({"received": BTC, "label": Label.AIRDROP}, "airdrop"),
    ],
)
def test_kinds_of_transactions(sides: dict[str, object], kind: str) -> None:
    table = tables.transactions(report(transactions=[transaction(**sides)]))
    assert column(table, "kind") == [kind]


def test_both_rows_of_a_transfer_are_transfers() -> None:
    rows = [transaction("in", received=BTC), transaction("out", sent=BTC)]
    table = tables.transactions(report(transactions=rows, transfers={"in": "out", "out": "in"}))
    assert column(table, "kind") == ["transfer", "transfer"]
    assert column(table, "value") == [None, None]


def test_transactions_are_those_of_the_year_in_order_of_time() -> None:
    rows = [transaction("c", "2025-12-31 12:00"), transaction("b", "2025-02-01 12:00"), transaction("a", "2024-05-05")]
    assert column(tables.transactions(report(transactions=rows)), "id") == ["b", "c"]


def test_the_gravest_issues_come_first_with_the_local_day() -> None:
    listed = [
        Issue("look_alike_asset", "Kraken", "ВТС", details={"other": "BTC"}),
        Issue("missing_acquisition", "Kraken", "BTC", at("2025-03-02 03:00"), details={"quantity": "1"}),
        Issue("missing_acquisition", "Kraken", "BTC", at("2025-02-01 12:00"), details={"quantity": "2"}),
    ]
    table = tables.issues(report(issues=listed))
    assert column(table, "severity") == ["error", "error", "warning"]
    assert column(table, "date") == [date(2025, 2, 1), date(2025, 3, 1), None]
    assert all(column(table, "remedy"))


def test_every_row_is_as_wide_as_its_table() -> None:
    for function in tables.TABLES:
        table = function(full())
        assert table.name == function.__name__
        assert all(len(row) == len(table.columns) for row in table.rows)
