"""Forks: what the new coin costs of the old one's cost (BMF 6 March 2025, Rn. 67, 68; TCGA 1992 s43, s52(4))."""

import pytest
from msgspec.structs import replace

from pipeline.gains.derive import Basis
from pipeline.model import Result
from tests.ledgers import Rows, basis, buy, codes, derived, move, prices, receive, sell, table

GERMANY = basis("de", "fifo", currency="EUR")
BRITAIN = basis("uk", "pool", currency="GBP")
BY_VALUE = replace(BRITAIN, rules=BRITAIN.rules.choose({"forks": "by-value"}))
NOTHING = replace(GERMANY, rules=GERMANY.rules.choose({"forks": "nothing"}))
# One BCH is worth a quarter of a BTC, and so a fifth of both.
PRICED = prices(
    "2017-08-02 BTC 2000 EUR", "2017-08-02 BCH 500 EUR", "2017-08-02 BTC 2000 GBP", "2017-08-02 BCH 500 GBP"
)
BOUGHT = (buy("2016-05-05", "1 BTC", "400 EUR"), buy("2017-05-05", "2 BTC", "2000 EUR"))
FORK = receive("2017-08-02", "2 BCH", "fork")


def told(*rows: Rows, by: Basis = GERMANY) -> Result:
    return derived(*rows, by=by, priced=PRICED)


def test_in_germany_each_lot_passes_on_its_part_and_its_date() -> None:
    """Two of three bitcoins: the oldest one, and one of the later two. That of 2016 is free, in either form."""
    result = told(*BOUGHT, FORK, sell("2017-09-01", "2 BCH", "900 EUR"), sell("2017-09-02", "3 BTC", "9000 EUR"))
    assert table(result.disposals) == [
        "1 BCH: 450 - 80 = 370 long fifo sale",
        "1 BCH: 450 - 200 = 250 short fifo sale",
        "1 BTC: 3000 - 320 = 2680 long fifo sale",
        "1 BTC: 3000 - 1000 = 2000 short fifo sale",
        "1 BTC: 3000 - 800 = 2200 short fifo sale",
    ]
    assert codes(result) == [] and result.incomes == []
    assert {d.acquisition_id for d in result.disposals if d.asset == "BCH"} == {"t3"}


def test_it_is_what_the_account_held_in_which_the_fork_came() -> None:
    elsewhere = move("2017-06-05", "3 BTC", "Kraken", "Ledger")
    result = told(*BOUGHT, *elsewhere, FORK, sell("2017-09-01", "2 BCH", "900 EUR"))
    assert table(result.disposals) == ["2 BCH: 900 - 0 = 900 short fifo sale"]
    assert codes(result) == ["zero_basis"]
    assert "2 BTC of known cost were not there then" in result.issues[0].message


def test_in_britain_it_is_a_choice_and_comes_out_of_the_pool_and_is_matched_with_no_sale() -> None:
    rows = (
        buy("2016-05-05", "3 BTC", "2400 GBP"), FORK, sell("2017-08-02 13:00", "1 BCH", "450 GBP"),
        sell("2017-09-02", "3 BTC", "9000 GBP"),
    )  # fmt: skip
    apart = told(*rows, by=BY_VALUE)
    assert table(apart.disposals) == ["1 BCH: 450 - 160 = 290 pool sale", "3 BTC: 9000 - 2080 = 6920 pool sale"]
    assert [(lot.asset, lot.cost_basis) for lot in apart.lots] == [("BCH", 160)] and codes(apart) == []
    together = told(*rows, by=BRITAIN)
    assert table(together.disposals) == ["1 BCH: 450 - 0 = 450 same-day sale", "3 BTC: 9000 - 2400 = 6600 pool sale"]
    assert codes(together) == ["zero_basis"]


@pytest.mark.parametrize(
    ("fork", "why", "needs"),
    [
        (receive("2017-08-03", "2 BCH", "fork", "900 EUR"), "no price of BTC is known then", ["BCH", "BTC"]),
        (receive("2017-10-24", "2 BTG", "fork"), "no price of BTC is known then", ["BTC", "BTG"]),
        (receive("2022-05-28", "2 LUNA", "fork"), "which coin it came of, and for how many units, is not known", []),
        (receive("2017-07-31", "2 BCH", "fork"), "which coin it came of, and for how many units, is not known", []),
    ],
)
def test_what_can_not_be_divided_costs_nothing_and_is_told(fork: Rows, why: str, needs: list[str]) -> None:
    result = told(*BOUGHT, fork)
    assert [lot.cost_basis for lot in result.lots if lot.asset != "BTC"] == [0]
    assert codes(result) == ["zero_basis"] and why in result.issues[0].message
    assert sorted({need.asset for need in result.needs}) == needs


def test_what_the_old_coin_cost_may_change_what_the_new_one_did() -> None:
    """A bitcoin that came from nowhere may have been bought first, for no more than any other one."""
    rows = (receive("2016-01-05", "1 BTC"), *BOUGHT, FORK, sell("2017-09-01", "2 BCH", "900 EUR"))
    result = told(*rows)
    (one,) = (s for i in result.issues for s in i.stakes if i.code == "unmatched_deposit")
    free = told(buy("2016-01-05", "1 BTC", "1000 EUR"), *rows[1:])
    gain = sum(d.gain or 0 for d in free.disposals)
    assert float(one.lowest) <= gain <= float(one.highest)


def test_that_a_fork_costs_nothing_can_be_chosen() -> None:
    result = told(*BOUGHT, FORK, sell("2017-09-02", "3 BTC", "9000 EUR"), by=NOTHING)
    assert sum(d.cost_basis for d in result.disposals) == 2400
    assert codes(result) == ["zero_basis"]
