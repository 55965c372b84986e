"""Lot methods as orders of identification: from a day on, and on record when they pick units (United States)."""

from datetime import date

import pytest
from msgspec.structs import replace

from pipeline.gains.orders import Order, Plan, late_identification
from pipeline.rules.base import Scope
from tests.ledgers import at, basis, buy, derived, move, sell, table

DEALS = (
    buy("2024-01-05", "1 BTC", "40000 USD"),
    buy("2024-02-05", "1 BTC", "70000 USD"),
    buy("2024-03-05", "1 BTC", "50000 USD"),
    buy("2024-04-05", "1 BTC", "60000 USD"),
    sell("2024-12-31", "1 BTC", "90000 USD"),
    sell("2025-01-01", "1 BTC", "90000 USD"),
    sell("2025-06-01", "1 BTC", "90000 USD"),
)
STANDING = basis().rules.standing_orders


@pytest.mark.parametrize("scope", [None, Scope.ACCOUNT, Scope.GLOBAL])
def test_a_method_begins_on_its_day_and_picks_among_the_lots_as_they_are(scope: Scope | None) -> None:
    by = replace(basis(scope=scope), later=((date(2025, 1, 1), "hifo"), (date(2025, 6, 1), "lifo")))
    rows = [row.split(" = ") for row in table(derived(*DEALS, by=by).disposals)]
    assert [f"{figures} {words.split()[-2]}" for figures, words in rows] == [
        "1 BTC: 90000 - 40000 fifo",
        "1 BTC: 90000 - 70000 hifo",
        "1 BTC: 90000 - 60000 lifo",
    ]


def test_lots_in_another_account_keep_their_place_when_the_method_changes() -> None:
    by = replace(basis(scope=Scope.ACCOUNT), later=((date(2025, 1, 1), "hifo"),))
    result = derived(*DEALS[:4], *move("2024-05-05", "1 BTC", "Kraken", "Ledger"), *DEALS[5:], by=by)
    assert [(lot.account, lot.cost_basis) for lot in result.lots] == [("Kraken", 50000), ("Ledger", 40000)]


ORDERS = {
    "no order at all": ([], "2 disposals from 2025-01-01 on"),
    "recorded after both": (["2025-07-01 hifo"], "2 disposals from 2025-01-01 on"),
    "recorded between them": (["2025-03-01 hifo"], "1 disposal from 2025-01-01 on"),
    "recorded before": (["2024-12-31 hifo"], ""),
    "another one was in force": (["2024-12-01 hifo", "2025-03-01 lofo"], "1 disposal from 2025-06-01 on"),
    "withdrawn and given again": (["2024-12-01 hifo", "2025-03-01 fifo", "2025-05-01 hifo"], ""),
}


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_that_was_not_on_record_at_the_sale_is_told(name: str) -> None:
    given, said = ORDERS[name]
    log = [Order(at(line.split()[0]), Plan(((None, line.split()[1]),))) for line in given]
    by = basis(method="hifo")
    sales = [d for d in derived(*DEALS, by=by).disposals if d.disposed_at >= at("2025-01-01")]
    found = late_identification(sales, STANDING, log, by.zone)
    assert [issue.message.split(" took")[0] for issue in found] == ([said] if said else [])


def test_an_order_for_a_later_day_counts_from_that_day_on() -> None:
    order = Order(at("2024-11-01"), Plan(((None, "fifo"), (date(2025, 1, 1), "hifo"))))
    by = replace(basis(), later=((date(2025, 1, 1), "hifo"),))
    assert late_identification(derived(*DEALS, by=by).disposals, STANDING, [order], by.zone) == []
    assert str(order) == "fifo, hifo from 2025-01-01"


def test_the_default_needs_no_order() -> None:
    assert late_identification(derived(*DEALS).disposals, STANDING, [], basis().zone) == []


# ---- an account of its own ----------------------------------------------------------------------------

OWN = (("Ledger", date(2025, 3, 1), "hifo"), ("Ledger", date(2025, 8, 1), "fifo"))
TWO_PLACES = (
    *DEALS[:4],
    *(replace(row, account="Ledger") for row in DEALS[:4]),
    *(sell(day, "1 BTC", "90000 USD", account=a) for day in ("2025-02-28", "2025-03-01") for a in ("Kraken", "Ledger")),
    sell("2025-08-01", "1 BTC", "90000 USD", account="Ledger"),
)


@pytest.mark.parametrize("scope", [None, Scope.ACCOUNT])
def test_a_method_of_one_account_picks_there_alone_from_its_day_on(scope: Scope | None) -> None:
    by = replace(basis(scope=scope), later=((date(2025, 3, 1), "lifo"),), own=OWN)
    taken = [(d.account, d.rule.value) for d in derived(*TWO_PLACES, by=by).disposals]
    assert taken == [
        ("Kraken", "fifo"), ("Ledger", "fifo"), ("Kraken", "lifo"), ("Ledger", "hifo"), ("Ledger", "fifo")
    ]  # fmt: skip


def test_an_order_for_one_account_is_on_record_for_that_one_only() -> None:
    by = replace(basis(method="hifo", scope=Scope.ACCOUNT), own=OWN)
    disposals = derived(*TWO_PLACES, by=by).disposals
    for plan, late in (
        (by.plan, []),
        (Plan(((None, "fifo"),), OWN), ["3 disposals from 2025-02-28 on took units by hifo"]),
        (
            Plan(((None, "hifo"),), (("Ledger", date(2025, 3, 1), "lofo"),)),
            ["1 disposal from 2025-03-01 on took units by hifo"],
        ),
    ):
        found = late_identification(disposals, STANDING, [Order(at("2024-01-01"), plan)], by.zone)
        assert [issue.message.split(" before ")[0] for issue in found] == late
