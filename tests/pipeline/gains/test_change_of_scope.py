"""The United States in 2025: from one queue of lots for all accounts to one for each (Rev. Proc. 2024-28).

Where the taxpayer has settled nothing, the oldest lots go to the accounts that hold units, in the order in
which they first held the asset. What was once reported stays as it was.
"""

import pytest
from msgspec.structs import replace

from pipeline.gains.derive import Basis
from pipeline.model import Allocation, Result, Rule
from pipeline.money import plain
from pipeline.rules.base import Scope
from tests.ledgers import Rows, basis, buy, codes, derived, move, sell, send, table

APART, TOGETHER = basis("us", scope=Scope.ACCOUNT), basis("us", scope=Scope.GLOBAL)
NEW_YEAR = "2025-01-01T00:00:00-05:00"
BEFORE_2025: tuple[Rows, ...] = (
    buy("2023-01-05", "1 BTC", "20000 USD"),
    buy("2023-02-05", "1 BTC", "30000 USD", account="Coinbase"),
    buy("2023-03-05", "1 BTC", "40000 USD"),
    sell("2024-05-05", "1 BTC", "60000 USD", account="Coinbase"),  # one queue: the lot of January 2023
)


def dealt(result: Result) -> list[str]:
    return [f"{a.acquisition_id} {plain(a.quantity)} to {a.account}" for a in result.allocations]


def test_in_2025_open_lots_go_oldest_first_to_who_holds_units_the_first_holder_first() -> None:
    result = derived(*BEFORE_2025, sell("2025-02-05", "1 BTC", "95000 USD"))
    assert table(result.disposals) == [
        "1 BTC: 60000 - 20000 = 40000 long fifo sale",
        "1 BTC: 95000 - 30000 = 65000 long fifo sale",
    ]
    assert dealt(result) == ["t2 1 to Kraken", "t3 1 to Kraken"]


def test_a_sale_at_midnight_in_new_york_is_after_the_change() -> None:
    rows = (buy("2023-01-05", "1 BTC", "20000 USD", account="Ledger"), buy("2023-02-05", "1 BTC", "30000 USD"))
    last = derived(*rows, sell("2024-12-31T23:59:59-05:00", "1 BTC", "95000 USD"))
    first = derived(*rows, sell(NEW_YEAR, "1 BTC", "95000 USD"))
    assert ([d.cost_basis for d in last.disposals], [d.cost_basis for d in first.disposals]) == ([20000], [30000])


def test_the_first_holder_is_the_first_to_have_units_not_the_first_to_lack_them() -> None:
    result = derived(
        send("2023-01-01", "1 BTC", "spend", "1 USD", account="Coinbase"),  # out of nothing
        buy("2023-01-05", "1 BTC", "20000 USD"),
        buy("2023-02-05", "2 BTC", "60000 USD", account="Coinbase"),
    )
    assert dealt(result) == ["t2 1 to Kraken", "t3 2 to Coinbase"]
    assert codes(result) == ["missing_acquisition"]


def test_what_was_missing_once_takes_nothing_from_what_is_bought_later() -> None:
    result = derived(
        send("2023-01-01", "2 BTC", "spend", "50000 USD"),  # out of nothing
        buy("2024-05-01", "1 BTC", "60000 USD"),
        send("2025-05-01", "1 BTC", "spend", "90000 USD"),
    )
    assert [(d.cost_basis, d.rule) for d in result.disposals] == [(0, Rule.MISSING), (60000, Rule.FIFO)]


def test_what_is_in_flight_at_the_change_gets_its_lots_there() -> None:
    result = derived(
        buy("2023-01-05", "2 BTC", "40000 USD"),
        move("2024-12-31", "1 BTC", "Kraken", "Ledger", arrives="2025-01-02"),
        sell("2025-02-05", "1 BTC", "95000 USD", account="Ledger"),
    )
    assert dealt(result) == ["t1 1 to Kraken", "t1 1 to in transit t2"]
    assert table(result.disposals) == ["1 BTC: 95000 - 20000 = 75000 long fifo sale"]


SETTLED = [Allocation("BTC", "Kraken", "t3", BEFORE_2025[0].received.quantity)]  # type: ignore[union-attr]


def test_what_was_settled_goes_before_the_rule_and_the_rest_follows_it() -> None:
    result = derived(*BEFORE_2025, sell("2025-02-05", "1 BTC", "95000 USD"), opening=SETTLED)
    assert dealt(result) == ["t3 1 to Kraken", "t2 1 to Kraken"]
    again = derived(*BEFORE_2025, sell("2025-02-05", "1 BTC", "95000 USD"), opening=result.allocations)
    assert again.allocations == result.allocations and again.issues == []


@pytest.mark.parametrize(
    "settled",
    [
        [Allocation("BTC", "Coinbase", "t3", SETTLED[0].quantity)],  # holds nothing any more
        [replace(SETTLED[0], acquisition_id="t1")],  # sold in 2024
        [replace(SETTLED[0], quantity=SETTLED[0].quantity * 5)],
    ],
)
def test_what_was_settled_and_no_longer_fits_is_told(settled: list[Allocation]) -> None:
    result = derived(*BEFORE_2025, opening=settled)
    assert codes(result) == ["allocation_changed"]
    assert sum(lot.quantity for lot in result.lots) == 2


@pytest.mark.parametrize(("by", "cost"), [(APART, 30000), (TOGETHER, 20000)])
def test_a_scope_that_is_asked_for_holds_for_all_time(by: Basis, cost: int) -> None:
    rows = (buy("2023-01-05", "1 BTC", "20000 USD", account="Ledger"), buy("2023-02-05", "1 BTC", "30000 USD"))
    result = derived(*rows, sell("2025-02-05", "1 BTC", "95000 USD"), by=by)
    assert [d.cost_basis for d in result.disposals] == [cost] and result.allocations == []
