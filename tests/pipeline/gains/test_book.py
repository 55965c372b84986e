"""The walk through time: what each disposal took, where lots are, and what is missing. Scenarios, United States
and first in first out unless they say otherwise; noon UTC where a day has no time."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from pipeline.gains.derive import Basis
from pipeline.model import Result
from pipeline.money import plain
from pipeline.rules.base import Scope
from tests.ledgers import Rows, basis, buy, codes, derived, move, prices, receive, sell, send, swap, table

APART = basis("us", scope=Scope.ACCOUNT)
YEARS_END = "2026-01-01T00:00:00-05:00"


def lots(result: Result) -> list[str]:
    """'account: quantity asset cost' of what is left, with the day acquired."""
    return [
        f"{lot.account}: {plain(lot.quantity)} {lot.asset} {plain(lot.cost_basis)}"
        + (f" of {lot.acquired_at:%Y-%m-%d}" if lot.acquired_at else "")
        for lot in result.lots
    ]


# ---- what is missing --------------------------------------------------------------------------------


def test_what_was_never_bought_costs_nothing_and_what_was_keeps_its_cost() -> None:
    result = derived(
        buy("2025-01-05", "1 BTC", "90000 USD"),
        sell("2025-03-05", "1.5 BTC", "150000 USD", "30 USD"),
        by=APART,
    )
    assert table(result.disposals) == [
        "1 BTC: 99980 - 90000 = 9980 short fifo sale",
        "0.5 BTC: 49990 - 0 = 49990 short missing sale",
    ]
    assert [d.acquired_at is None for d in result.disposals] == [False, True]
    (issue,) = result.issues
    assert (issue.code, issue.details["quantity"], issue.at_stake) == ("missing_acquisition", "0.5", "49990")


def test_what_is_missing_is_one_problem_however_often_it_was_sold() -> None:
    rows = (
        *(buy("2025-01-05", "2 BTC", "9 USD", account="Ledger"), receive("2025-01-06", "1 BTC", "gift", account="Old")),
        buy("2025-01-05", "1 BTC", "90000 USD"),
        sell("2025-03-05", "1.25 BTC", "100000 USD"),
        sell("2025-04-05", "1 BTC", "70000 USD"),
        sell("2025-05-05", "1 BTC", "60000 USD"),
        sell("2025-05-05", "1 BTC", "60000 USD", account="Old"),
        sell("2025-05-05", "4 BTC", "50000 USD", account="Old"),
    )
    here, there = [i for i in derived(*rows, by=APART).issues if i.code == "missing_acquisition"]
    assert (here.ref, here.at_stake) == ("t4", "150000")
    assert here.message == (
        "2.25 BTC left Kraken on 2025-03-05 (the first 0.25) and in 2 later disposals without any acquisition on "
        "record: basis 0 (Ledger had 2, Old had 1 then)"
    )
    assert there.message.startswith("4 BTC left Old on 2025-05-05 without any acquisition")


@pytest.mark.parametrize("by", [basis(country) for country in ("us", "uk", "de", "ca", "fr", "at", "jp")])
def test_an_opening_lot_cures_what_was_missing(by: Basis) -> None:
    """The row that the problem's remedy asks for: money sent, units received, on the day they were bought."""
    short = (sell("2025-03-05", "1 BTC", "90000 USD"), sell("2025-04-05", "1 BTC", "80000 USD"))
    by = replace(by, currency="USD")
    assert codes(derived(*short, by=by)) == ["missing_acquisition"]
    cured = derived(buy("2024-02-05", "2 BTC", "100000 USD"), *short, by=by)
    assert not cured.issues
    assert sum(d.gain or 0 for d in cured.disposals) == 70000


def test_a_later_purchase_never_fills_what_was_missing() -> None:
    result = derived(
        sell("2025-03-05", "1 BTC", "90000 USD"), buy("2025-03-06", "1 BTC", "80000 USD"), by=APART, until="2026-01-01"
    )
    assert table(result.disposals) == ["1 BTC: 90000 - 0 = 90000 short missing sale"]
    assert lots(result) == ["Kraken: 1 BTC 80000 of 2025-03-06"]


def test_an_acquisition_without_a_price_costs_nothing_until_it_is_known() -> None:
    rows = (receive("2025-01-05", "10 DUST", "airdrop"), sell("2025-03-05", "10 DUST", "50 USD"))
    assert table(derived(*rows).disposals) == ["10 DUST: 50 - 0 = 50 short fifo sale"]
    held = (receive("2023-01-05", "10 DUST", "airdrop"), sell("2025-03-05", "10 DUST", "50 USD"))
    assert table(derived(*held).disposals) == ["10 DUST: 50 - 0 = 50 long fifo sale"]  # its date is on record
    priced = prices("2025-01-05 DUST 2 USD")
    assert table(derived(*rows, priced=priced).disposals) == ["10 DUST: 50 - 20 = 30 short fifo sale"]


def test_a_disposal_without_a_price_carries_no_figure_but_takes_its_lot() -> None:
    result = derived(buy("2024-01-05", "10 DUST", "50 USD"), send("2025-03-05", "4 DUST", "spend"))
    assert table(result.disposals) == ["4 DUST: ? - 20 = ? long fifo spend"]
    assert lots(result) == ["Kraken: 6 DUST 30 of 2024-01-05"]


# ---- transfers --------------------------------------------------------------------------------------


def test_a_transferred_lot_keeps_its_date_and_cost() -> None:
    result = derived(
        buy("2023-06-01", "1 BTC", "27000 USD"),
        buy("2025-02-01", "1 BTC", "100000 USD"),
        buy("2025-02-02", "1 BTC", "101000 USD", account="Ledger"),
        move("2025-03-01", "1.5 BTC", "Kraken", "Ledger"),
        sell("2025-04-01", "2 BTC", "180000 USD", account="Ledger"),
        by=APART,
    )
    assert table(result.disposals) == [
        "1 BTC: 90000 - 27000 = 63000 long fifo sale",
        "0.5 BTC: 45000 - 50000 = -5000 short fifo sale",
        "0.5 BTC: 45000 - 50500 = -5500 short fifo sale",
    ]
    assert lots(result) == ["Kraken: 0.5 BTC 50000 of 2025-02-01", "Ledger: 0.5 BTC 50500 of 2025-02-02"]


def test_the_methods_order_picks_the_units_that_a_transfer_moves() -> None:
    """Treas. Reg. 1.1012-1(j): 'sold, disposed of, or transferred'."""
    rows = (
        buy("2025-01-05", "1 BTC", "90000 USD"),
        buy("2025-01-06", "1 BTC", "95000 USD"),
        move("2025-03-01", "1 BTC", "Kraken", "Ledger"),
    )
    assert lots(derived(*rows, by=basis("us", "hifo", Scope.ACCOUNT)))[1] == "Ledger: 1 BTC 95000 of 2025-01-06"
    assert lots(derived(*rows, by=APART))[1] == "Ledger: 1 BTC 90000 of 2025-01-05"


@pytest.mark.parametrize(("arrives", "costs"), [("2026-01-02", [91000, 90000]), (YEARS_END, [90000, 91000])])
def test_units_in_flight_are_nobodys_and_cross_the_years_end_in_transit(arrives: str, costs: list[int]) -> None:
    rows = (
        buy("2025-01-05", "1 BTC", "90000 USD"),
        buy("2025-01-06", "1 BTC", "91000 USD", account="Ledger"),
        move("2025-12-31", "1 BTC", "Kraken", "Ledger", arrives=arrives),
        sell("2026-01-01", "1 BTC", "99000 USD", account="Ledger"),
        sell("2026-01-03", "1 BTC", "99000 USD", account="Ledger"),
    )
    at_years_end = derived(*rows, by=APART, until=YEARS_END)
    assert lots(at_years_end) == ["Ledger: 1 BTC 91000 of 2025-01-06", "in transit: 1 BTC 90000 of 2025-01-05"]
    assert at_years_end.issues == [] and at_years_end.disposals == []
    assert [d.cost_basis for d in derived(*rows, by=APART).disposals] == costs


def test_units_without_a_record_move_along_at_no_cost() -> None:
    result = derived(
        buy("2025-01-05", "1 BTC", "90000 USD"),
        move("2025-03-01", "3 BTC", "Kraken", "Ledger"),
        sell("2025-04-01", "3 BTC", "300000 USD", account="Ledger"),
        by=APART,
    )
    assert table(result.disposals) == [
        "1 BTC: 100000 - 90000 = 10000 short fifo sale",
        "2 BTC: 200000 - 0 = 200000 short missing sale",
    ]
    assert codes(result) == ["negative_balance"]


OTHER_CLOCKS: dict[str, tuple[Rows, ...]] = {
    "stamped before its withdrawal": (
        send("2025-03-01 12:30", "1 BTC"),
        receive("2025-03-01 12:00", "1 BTC", account="Ledger"),
        sell("2025-03-01 12:10", "1 BTC", "95000 USD", account="Ledger"),
    ),
    "of one day, one file an account": (
        receive("2025-03-01", "1 BTC", account="Ledger"),
        sell("2025-03-01", "1 BTC", "95000 USD", account="Ledger"),
        send("2025-03-01", "1 BTC"),
    ),
    "of one day, the newest first": (
        sell("2025-03-01", "1 BTC", "95000 USD", account="Trezor"),
        receive("2025-03-01", "1 BTC", account="Trezor", txhash="bb"),
        send("2025-03-01", "1 BTC", account="Ledger", txhash="bb"),
        receive("2025-03-01", "1 BTC", account="Ledger", txhash="aa"),
        send("2025-03-01", "1 BTC", txhash="aa"),
    ),
}


@pytest.mark.parametrize("rows", OTHER_CLOCKS.values(), ids=OTHER_CLOCKS)
def test_units_are_there_when_their_deposit_says_so_whenever_the_withdrawal_is_stamped(rows: tuple[Rows, ...]) -> None:
    result = derived(buy("2024-01-05", "1 BTC", "40000 USD"), *rows, by=APART)
    assert table(result.disposals) == ["1 BTC: 95000 - 40000 = 55000 long fifo sale"]
    assert result.lots == [] and set(codes(result)) <= {"possible_duplicate"}


def test_a_deposit_of_the_old_year_serves_its_report_though_the_withdrawal_is_of_the_new() -> None:
    rows = (
        buy("2024-01-05", "1 BTC", "40000 USD"),
        send("2026-01-01T00:10:00-05:00", "1 BTC"),
        receive("2025-12-31T23:40:00-05:00", "1 BTC", account="Ledger"),
        sell("2025-12-31T23:50:00-05:00", "1 BTC", "95000 USD", account="Ledger"),
    )
    cut, full = derived(*rows, by=APART, until=YEARS_END), derived(*rows, by=APART)
    assert table(cut.disposals) == table(full.disposals) == ["1 BTC: 95000 - 40000 = 55000 long fifo sale"]


def test_what_moves_on_in_the_same_instant_takes_its_lots_along() -> None:
    result = derived(
        receive("2025-03-01", "1 BTC", account="Trezor", txhash="bb"),
        send("2025-03-01", "1 BTC", account="Ledger", txhash="bb"),
        receive("2025-03-01", "1 BTC", account="Ledger", txhash="aa"),
        send("2025-03-01", "1 BTC", txhash="aa"),
        buy("2024-01-05", "1 BTC", "40000 USD"),
        by=APART,
    )
    assert lots(result) == ["Trezor: 1 BTC 40000 of 2024-01-05"]


def test_a_deposit_that_came_first_waits_for_its_withdrawal_where_its_units_are_not_needed() -> None:
    """Bought after the deposit's stamp: at the withdrawal the units are there, at the deposit they are not."""
    result = derived(
        buy("2024-01-05", "1 BTC", "40000 USD", account="Ledger"),
        send("2025-03-01 12:30", "1 BTC"),
        receive("2025-03-01 12:00", "1 BTC", account="Ledger"),
        sell("2025-03-01 12:10", "1 BTC", "95000 USD", account="Ledger"),
        buy("2025-03-01 12:20", "1 BTC", "94000 USD"),
        by=APART,
    )
    assert table(result.disposals) == ["1 BTC: 95000 - 40000 = 55000 long fifo sale"]
    assert lots(result) == ["Ledger: 1 BTC 94000 of 2025-03-01"]


def test_a_circle_of_deposits_that_nobody_can_serve_ends() -> None:
    rows = [r for n in range(60) for r in reversed(move("2025-03-01", "1 BTC", "A", "B", txhash=f"a{n}"))]
    rows += [r for n in range(60) for r in reversed(move("2025-03-01", "1 BTC", "B", "A", txhash=f"b{n}"))]
    result = derived(*rows, sell("2025-03-01", "1 BTC", "95000 USD", account="A"), by=APART)
    assert [d.cost_basis for d in result.disposals] == [0]


# ---- one instant ------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", range(3))
def test_a_sale_in_the_second_of_its_purchase_finds_it_whatever_the_rows_order(turn: int) -> None:
    rows = [
        buy("2025-02-02", "1 X", "20 USD"),
        buy("2025-02-02", "1 X", "20 USD"),
        sell("2025-02-02", "2 X", "100 USD"),
    ]
    result = derived(*rows[turn:], *rows[:turn])
    assert [(d.cost_basis, d.rule) for d in result.disposals] == [(20, "fifo"), (20, "fifo")]
    assert result.issues == [] and result.lots == []


def test_purchases_of_one_instant_go_by_the_files_rows() -> None:
    rows = [buy("2025-02-02", "1 X", "20 USD"), buy("2025-02-02", "1 X", "30 USD"), sell("2025-03-02", "1 X", "50 USD")]
    assert [d.cost_basis for d in derived(*rows).disposals] == [20]
    assert [d.cost_basis for d in derived(rows[1], rows[0], rows[2]).disposals] == [30]
    assert [d.cost_basis for d in derived(*rows, by=basis("us", "lifo")).disposals] == [30]


def test_the_fee_leaves_after_the_sale_it_belongs_to() -> None:
    result = derived(
        buy("2025-01-05", "1 ETH", "2000 USD"),
        buy("2025-01-06", "1 ETH", "3000 USD"),
        sell("2025-03-05", "1 ETH", "4000 USD", "0.5 ETH"),
    )
    assert table(result.disposals) == [
        "1 ETH: 2000 - 2000 = 0 short fifo sale",
        "0.5 ETH: 2000 - 1500 = 500 short fifo fee",
    ]


# ---- kinds ------------------------------------------------------------------------------------------


def test_gifts_donations_and_losses_leave_at_cost_from_the_oldest_lots() -> None:
    result = derived(
        buy("2023-01-02", "1 X", "10 USD"),
        buy("2025-01-03", "3 X", "60 USD"),
        send("2025-02-02", "1.5 X", "gift", worth="500 USD", fee="0.5 X"),
        send("2025-02-03", "1 X", "donation"),
        send("2025-02-04", "1 X", "lost"),
        priced=prices("2025-02-02 X 100 USD"),
    )
    assert table(result.disposals) == [
        "1 X: 10 - 10 = 0 long fifo gift",
        "0.5 X: 10 - 10 = 0 short fifo gift",
        "0.5 X: 166.666666666666666666666667 - 10 = 156.666666666666666666666667 short fifo fee",
        "1 X: 20 - 20 = 0 short fifo donation",
        "1 X: 20 - 20 = 0 short fifo lost",
    ]
    assert [d.taxed for d in result.disposals] == [False, False, True, False, False]


def test_units_withheld_from_a_swap_are_the_new_ones_from_2025_on() -> None:
    def fee_of(year: int) -> list[str]:
        rows = (
            buy("2023-01-05", "10 AB", "10 USD"),
            buy("2023-01-05", "10 CD", "5 USD"),
            swap(f"{year}-06-30", "10 CD", "10 AB", "20 USD", "1 AB"),
        )
        return [line for line in table(derived(*rows).disposals) if line.endswith("fee")]

    assert fee_of(2024) == ["1 AB: 2 - 1 = 1 long fifo fee"]
    assert fee_of(2025) == ["1 AB: 2 - 2 = 0 short specific fee"]


def test_the_day_that_counts_for_the_term_is_the_taxpayers() -> None:
    def term(sold: str) -> str:
        bought = buy("2024-03-16T03:30:00+00:00", "1 BTC", "60000 USD")  # 15 March in New York
        return derived(bought, sell(sold, "1 BTC", "90000 USD")).disposals[0].term

    assert term("2025-03-16T03:59:59+00:00") == "short"  # still the anniversary, 15 March
    assert term("2025-03-16T04:00:00+00:00") == "long"


def test_an_average_has_no_dates_and_what_the_pool_lacks_is_missing() -> None:
    result = derived(
        buy("2024-01-05", "1 BTC", "40000 USD"),
        buy("2025-01-05", "1 BTC", "90000 USD", account="Ledger"),
        sell("2025-03-05", "3 BTC", "300000 USD"),
        by=basis("generic", "average"),
    )
    assert table(result.disposals) == [
        "2 BTC: 200000 - 130000 = 70000 average sale",
        "1 BTC: 100000 - 0 = 100000 short missing sale",
    ]


# ---- migrations -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "sold"),
    [
        ("fifo", "1 AAVE: 300 - 100 = 200 long fifo sale"),
        ("lifo", "1 AAVE: 300 - 400 = -100 short lifo sale"),
        ("hifo", "1 AAVE: 300 - 400 = -100 short hifo sale"),
        ("lofo", "1 AAVE: 300 - 100 = 200 long lofo sale"),
    ],
)
def test_lots_go_through_a_migration_with_their_dates_and_costs(method: str, sold: str) -> None:
    result = derived(
        buy("2023-01-05", "100 LEND", "100 USD"),
        buy("2024-03-05", "100 LEND", "400 USD"),
        swap("2024-04-05", "200 LEND", "2 AAVE"),
        sell("2024-05-05", "1 AAVE", "300 USD"),
        by=basis("generic", method, Scope.ACCOUNT),
    )
    assert table(result.disposals) == [sold]
    assert [(lot.acquisition_id, lot.asset, lot.quantity) for lot in result.lots] == [
        ("t2" if "100 = " in sold else "t1", "AAVE", 1)
    ]


def test_what_was_missing_before_a_migration_is_missing_after_it() -> None:
    result = derived(
        buy("2023-01-05", "100 LEND", "100 USD"),
        swap("2024-04-05", "200 LEND", "2 AAVE"),
        sell("2024-05-05", "2 AAVE", "300 USD"),
    )
    assert table(result.disposals) == [
        "1 AAVE: 150 - 100 = 50 long fifo sale",
        "1 AAVE: 150 - 0 = 150 short missing sale",
    ]
    assert {"missing_acquisition", "migration"} <= set(codes(result))


def test_a_rest_that_a_ratio_leaves_over_goes_to_the_last_lot() -> None:
    rows = [buy("2023-01-05", "1 NPXS", "1 USD") for _ in range(3)]
    result = derived(*rows, swap("2024-04-05", "3 NPXS", "0.0031 PUNDIX"))
    assert sum(lot.quantity for lot in result.lots) == Decimal("0.0031")
    assert [lot.cost_basis for lot in result.lots] == [1, 1, 1]
