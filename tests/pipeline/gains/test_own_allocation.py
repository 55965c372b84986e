"""The person's own allocation at the change of lot scope (Rev. Proc. 2024-28, sec. 4.02): unit by unit, by a file.

It goes before what was settled and before the rule; where it differs from the records it is told, and no unit is lost.
"""

import random
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipeline.answers import Answers, DealtLot
from pipeline.gains.derive import derive
from pipeline.model import Allocation, Result, Rule
from pipeline.money import ZERO, exact, plain
from pipeline.rules.base import Scope
from tests.ledgers import (
    ACCOUNTS,
    NEW_YEAR,
    Drawn,
    Rows,
    at,
    basis,
    buy,
    codes,
    ledger,
    ledgers,
    move,
    receive,
    sell,
    table,
)
from tests.person import Person

BEFORE: tuple[Rows, ...] = (  # t1 to t4, then the transfer
    buy("2023-01-05", "1 BTC", "20000 USD"),
    buy("2023-02-05", "1 BTC", "30000 USD"),
    buy("2024-03-05", "1 BTC", "70000 USD", fee="10 USD"),
    buy("2023-02-05", "2 ETH", "3000 USD"),
    move("2024-05-05", "1 BTC", "Kraken", "Ledger"),
)
SOLD = sell("2025-06-05", "1 BTC", "100000 USD", account="Ledger")


def line(text: str) -> DealtLot:
    """'Ledger 1 BTC 2023-02-05 30000'."""
    account, quantity, asset, acquired, cost = text.split()
    return DealtLot(account, asset, Decimal(quantity), at(acquired), Decimal(cost), "my own list of 2024-12-31")


def given_by(*lines: str, rows: tuple[Rows, ...] = (*BEFORE, SOLD), **more: object) -> Result:
    return derive(ledger(*rows), [], basis(), answers=Answers(allocation=tuple(map(line, lines))), **more)  # type: ignore[arg-type]


def dealt(result: Result, asset: str = "BTC") -> list[str]:
    return sorted(f"{a.account} {plain(a.quantity)} {a.acquisition_id}" for a in result.allocations if a.asset == asset)


KRAKEN = ("Kraken 1 BTC 2023-01-05 20000", "Kraken 1 BTC 2024-03-05 70010")


def test_lines_that_are_on_record_deal_out_those_lots_under_their_own_names() -> None:
    result = given_by("Ledger 1 BTC 2023-02-05 30000", *KRAKEN)
    assert dealt(result) == ["Kraken 1 t1", "Kraken 1 t3", "Ledger 1 t2"]
    assert table(result.disposals) == ["1 BTC: 100000 - 30000 = 70000 long fifo sale"]
    assert codes(result) == []
    assert dealt(result, "ETH") == ["Kraken 2 t4"], "an asset without lines is dealt out as ever"
    assert [a.given for a in result.allocations] == [True, True, True, False]


def test_the_time_of_day_and_the_order_of_the_lines_do_not_matter() -> None:
    lines = [
        "Ledger 0.5 BTC 2023-02-05T20:00:00 15000",
        "Ledger 0.5 BTC 2023-01-05 10000",
        "Kraken 0.5 BTC 2023-02-05 15000",
    ]
    lines += ["Kraken 0.5 BTC 2023-01-05 10000", KRAKEN[1]]
    one, other = given_by(*lines), given_by(*reversed(lines))
    assert dealt(one) == ["Kraken 0.5 t1", "Kraken 0.5 t2", "Kraken 1 t3", "Ledger 0.5 t1", "Ledger 0.5 t2"]
    assert (one.allocations, one.disposals, one.lots, codes(one)) == (
        other.allocations,
        other.disposals,
        other.lots,
        [],
    )


def test_a_cost_that_is_written_to_the_cent_keeps_the_exact_cost_of_its_lot() -> None:
    rows = (buy("2023-01-05", "3 BTC", "10000 USD"), move("2024-05-05", "1 BTC", "Kraken", "Ledger"), SOLD)
    result = given_by("Ledger 1 BTC 2023-01-05 3333.33", "Kraken 2 BTC 2023-01-05 6666.67", rows=rows)
    assert codes(result) == []
    assert sum(lot.cost_basis for lot in result.lots) + result.disposals[0].cost_basis == 10000


def test_fills_of_one_day_may_be_one_line() -> None:
    fills = (buy("2023-01-05 12:00", "0.25 BTC", "5000 USD"), buy("2023-01-05 12:01", "0.75 BTC", "15100 USD"))
    result = given_by("Kraken 1 BTC 2023-01-05 20100", rows=fills)
    assert (dealt(result), codes(result)) == (["Kraken 0.25 t1", "Kraken 0.75 t2"], [])


def test_a_line_that_is_not_on_record_is_a_lot_of_its_own_and_told() -> None:
    result = given_by("Ledger 1 BTC 2022-12-24 16000", *KRAKEN)
    assert table(result.disposals) == ["1 BTC: 100000 - 16000 = 84000 long fifo sale"]
    (sold,) = result.disposals
    assert (sold.acquisition_id[:11], sold.acquired_at) == ("allocation-", at("2022-12-24"))
    (issue,) = result.issues
    assert issue.message == (
        "your own allocation of BTC on 2025-01-01 is not what the records say: 1 at a cost of 16000 are no lot on "
        "record by day and cost (in their place are 1 at 30000)"
    )
    again = given_by(
        *reversed(KRAKEN), "Ledger 1 BTC 2022-12-24 16000", rows=(*BEFORE, SOLD, buy("2025-07-01", "1 BTC", "1 USD"))
    )
    assert again.disposals[0].acquisition_id == sold.acquisition_id


def test_a_lot_of_ones_own_stands_for_units_of_unknown_cost_before_others() -> None:
    rows = (buy("2023-01-05", "1 BTC", "20000 USD"), receive("2024-01-05", "1 BTC"))
    result = given_by("Kraken 1 BTC 2021-01-05 9000", "Kraken 1 BTC 2023-01-05 20000", rows=rows)
    assert sorted((lot.cost_basis, lot.acquired_at) for lot in result.lots) == [
        (9000, at("2021-01-05")), (20000, at("2023-01-05"))
    ]  # fmt: skip
    assert [i.details["why"] for i in result.issues if i.code == "allocation_differs"] == [
        "1 at a cost of 9000 are no lot on record by day and cost (in their place are 1 at 0)"
    ]


def test_lines_count_as_far_as_accounts_hold_units_and_the_rest_is_dealt_out_as_ever() -> None:
    result = given_by("Ledger 2 BTC 2023-01-05 40000", "Binance 1 BTC 2023-02-05 30000")
    assert dealt(result) == ["Kraken 1 t2", "Kraken 1 t3", "Ledger 1 t1"]
    (issue,) = result.issues
    assert issue.message.endswith(
        ": Kraken held 2, its lines give 0; Ledger held 1, its lines give 2; Binance held 0, its lines give 1"
    )


def test_what_is_in_transit_at_the_change_needs_no_line() -> None:
    rows = (
        buy("2023-01-05", "2 BTC", "40000 USD"),
        move("2024-12-31", "1 BTC", "Kraken", "Ledger", arrives="2025-01-02"),
    )
    result = given_by("Kraken 1 BTC 2023-01-05 20000", rows=rows)
    assert (dealt(result), codes(result)) == (["Kraken 1 t1", "in transit t2 1 t1"], [])


def test_a_line_for_the_account_that_units_were_on_their_way_to_says_that_they_were() -> None:
    rows = (
        buy("2023-01-05", "2 BTC", "40000 USD"),
        move("2024-12-31", "1 BTC", "Kraken", "Ledger", arrives="2025-01-02"),
    )
    result = given_by("Kraken 1 BTC 2023-01-05 20000", "Ledger 1 BTC 2023-01-05 20000", rows=rows)
    assert dealt(result) == ["Kraken 1 t1", "in transit t2 1 t1"]
    (issue,) = result.issues
    assert "Ledger held 0, its lines give 1 (1 in transit then, which take what the lines leave over)" in issue.message


def test_the_persons_own_allocation_goes_before_what_was_settled() -> None:
    settled = [Allocation("BTC", "Ledger", "t1", Decimal(1)), Allocation("ETH", "Kraken", "t4", Decimal(2))]
    result = given_by("Ledger 1 BTC 2023-02-05 30000", *KRAKEN, opening=settled)
    assert (dealt(result), codes(result)) == (["Kraken 1 t1", "Kraken 1 t3", "Ledger 1 t2"], [])


def test_lines_that_deal_nothing_out_are_told() -> None:
    held_none = given_by("Kraken 1 SOL 2023-01-05 20")
    assert [i.details["why"] for i in held_none.issues] == ["no account held any"]
    rows, answers = ledger(*BEFORE), Answers(allocation=(line(KRAKEN[0]),))
    by_choice = derive(rows, [], basis(scope=Scope.GLOBAL), answers=answers)
    assert [i.details["why"] for i in by_choice.issues] == ["lots are kept as global for all time by your choice"]
    assert codes(derive(rows, [], basis(), answers=answers, until=NEW_YEAR)) == []
    assert codes(derive(rows, [], basis("de", currency="USD"), answers=answers)) == []


LINES = st.lists(
    st.builds(
        DealtLot,
        st.sampled_from((*ACCOUNTS, "Elsewhere")),
        st.sampled_from(("BTC", "ETH")),
        st.integers(1, 30 * 10**17).map(lambda n: Decimal(n).scaleb(-18)),
        st.sampled_from((at("2020-02-01"), at("2023-11-20 23:30"), at("2024-02-10"))),
        st.integers(0, 10**6).map(lambda n: Decimal(n).scaleb(-2)),
    ),
    max_size=6,
)  # fmt: skip


@given(ledgers(), LINES, st.randoms(use_true_random=False))
def test_whatever_the_lines_say_no_unit_is_lost_or_made_and_their_order_is_nothing(
    drawn: Drawn, lines: list[DealtLot], rng: random.Random
) -> None:
    with exact():
        plainly = derive(drawn.transactions, drawn.prices, basis())
        result = derive(drawn.transactions, drawn.prices, basis(), answers=Answers(allocation=tuple(lines)))
        assert _units(result) == _units(plainly)
        told = {i.asset for i in result.issues if i.code == "allocation_differs"}
        own = {a.asset for a in result.allocations if a.acquisition_id.startswith("allocation-")}
        assert own <= told <= {one.asset for one in lines}
        rng.shuffle(lines)
        again = derive(drawn.transactions, drawn.prices, basis(), answers=Answers(allocation=tuple(lines)))
        assert (again.disposals, again.lots, again.issues) == (result.disposals, result.lots, result.issues)


def _units(result: Result) -> dict[tuple[str, str], Decimal]:
    """What each account holds, and what each disposal came to."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for lot in result.lots:
        sums[lot.account, lot.asset] += lot.quantity
    for d in result.disposals:
        sums[d.id, "missing" if d.rule is Rule.MISSING and not d.acquisition_id else d.asset] += d.quantity
    return dict(sums)


def test_a_file_of_lines_goes_before_the_settled_allocation_until_it_is_taken_back(tmp_path: Path) -> None:
    person = Person(tmp_path)
    person.run("init", "--country", "us")
    deals = (
        "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency\n"
        "2023-01-05T17:00:00Z,Kraken,1000,USD,1,BTC\n"
        "2023-02-05T17:00:00Z,Ledger,3000,USD,1,BTC\n"
        "2025-06-05T17:00:00Z,Ledger,1,BTC,9000,USD\n"
    )
    header = "Account,Asset,Quantity,Date Acquired,Cost Basis,Evidence\n"
    lines = "Ledger,BTC,1,2023-01-05,1000,my list\nKraken,BTC,1,2023-02-05,3000,my list\n"
    person.run("import", person.write("deals.csv", deals))

    def sold() -> tuple[str, list[str]]:
        person.run("report", "--year", "2025", "--no-xlsx")
        answers = [r["value"] for r in person.rows("summary.csv") if r["section"] == "answers"]
        return person.rows("disposals.csv")[0]["cost_basis"], answers

    assert sold() == ("3000", [])
    person.run("import", person.write("allocation.csv", header + lines))
    cost, (answer,) = sold()
    assert cost == "1000" and "opening allocation of BTC" in answer and "allocation.csv" in answer
    person.run("check", code=0)
    person.run("import", person.write("back.csv", header + "Ledger,BTC,0,2023-01-05,,\n"))
    assert sold() == ("3000", [])
