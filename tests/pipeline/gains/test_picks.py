"""Units that the person picks for a disposal or a transfer: which go, what is not there, and what came too late.

United States, lots per account, unless a test says otherwise; what is picked was on record long before.
"""

from decimal import Decimal

import pytest

from pipeline.answers import Answers, Pick
from pipeline.gains.derive import Basis, derive
from pipeline.model import Result
from pipeline.rules.base import Scope, countries, rules_of
from tests.ledgers import Rows, at, basis, buy, codes, ledger, move, sell, send, swap, table

EARLY = at("2020-01-01")
APART = basis("us", scope=Scope.ACCOUNT)
BOUGHT = (  # t1 to t4
    buy("2023-01-05", "1 BTC", "20000 USD"),
    buy("2024-02-05", "1 BTC", "60000 USD"),
    buy("2025-03-05", "1 BTC", "90000 USD"),
    buy("2023-01-05", "1 BTC", "21000 USD", account="Ledger"),
)


def picked(*rows: Rows, by: Basis = APART, until: str = "", recorded: str = "2020-01-01", **picks: str) -> Result:
    """`picks`: what each takes, 't5="1 t2, 0.5 t1"'; a fee's id is written with _fee."""
    asked = {
        ref.replace("_", "."): tuple(
            Pick(one.split()[1], Decimal(one.split()[0]), at(recorded) if recorded else None)
            for one in takes.split(", ")
        )
        for ref, takes in picks.items()
    }
    end = at(until) if until else None
    return derive(ledger(*rows), [], by, answers=Answers(picks=asked), until=end)


def costs(result: Result) -> list[str]:
    """'quantity cost rule' of each part of each disposal."""
    parts = (line.split() for line in table(result.disposals))
    return [f"{words[0]} {words[4]} {words[-2]}" for words in parts]


@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("specific", "0.5 10000 fifo"),
        ("fifo", "0.5 10000 fifo"),
        ("hifo", "0.5 45000 hifo"),
        ("lifo", "0.5 45000 lifo"),
    ],
)
@pytest.mark.parametrize("country", ["us", "generic", "au"])
def test_a_disposal_takes_what_was_picked_for_it_and_the_rest_by_the_method(
    country: str, method: str, rest: str
) -> None:
    by = basis(country, method, Scope.ACCOUNT)
    result = picked(*BOUGHT, sell("2025-06-05", "1.5 BTC", "150000 USD"), by=by, t5="1 t2")
    assert costs(result) == ["1 60000 specific", rest]
    assert codes(result) == []


def test_without_a_pick_specific_is_first_in_first_out() -> None:
    sale = sell("2025-06-05", "1.5 BTC", "150000 USD")
    assert costs(picked(*BOUGHT, sale, by=basis("us", "specific", Scope.ACCOUNT))) == ["1 20000 fifo", "0.5 30000 fifo"]


def test_picks_are_taken_in_their_order_and_their_date_decides_the_term() -> None:
    result = picked(*BOUGHT, sell("2025-06-05", "2 BTC", "200000 USD"), t5="1 t3, 0.25 t2, 0.75 t1")
    assert table(result.disposals) == [
        "1 BTC: 100000 - 90000 = 10000 short specific sale",
        "0.25 BTC: 25000 - 15000 = 10000 long specific sale",
        "0.75 BTC: 75000 - 15000 = 60000 long specific sale",
    ]


def test_what_is_picked_for_a_later_sale_may_be_gone_by_then() -> None:
    """A sale takes no account of what was picked for the next one: it goes by the method, and that is told."""
    sales = (sell("2025-06-05", "1 BTC", "100000 USD"), sell("2025-07-05", "1 BTC", "100000 USD"))
    result = picked(*BOUGHT, *sales, t6="1 t1")
    assert costs(result) == ["1 20000 fifo", "1 60000 fifo"]
    assert [i.message for i in result.issues] == [
        "1 BTC of t1, picked for the disposal t6 of 2025-07-05 in Kraken, are not taken: no more of them were left then"
    ]


SALE = sell("2025-02-05", "1 BTC", "100000 USD")
ABSENT = {
    "acquired later": ("1 t3", "1 BTC of t3", "they were acquired only on 2025-03-05", ["1 20000 fifo"]),
    "in another account": ("1 t4", "1 BTC of t4", "they were in Ledger then", ["1 20000 fifo"]),
    "of no acquisition": ("1 t9", "1 BTC of t9", "no acquisition has that id", ["1 20000 fifo"]),
    "of another asset": ("1 t5", "1 BTC of t5", "that is an acquisition of ETH", ["1 20000 fifo"]),
    "more than there are": ("3 t2", "2 BTC of t2", "no more units", ["1 60000 specific"]),
    "too few": ("0.5 t2, 0.75 t1", "0.25 BTC of t1", "no more units", ["0.5 30000 specific", "0.5 10000 specific"]),
}


@pytest.mark.parametrize("name", ABSENT)
def test_a_pick_of_units_that_are_not_there_is_told_with_its_cure(name: str) -> None:
    takes, what, why, expected = ABSENT[name]
    result = picked(*BOUGHT, buy("2024-05-05", "1 ETH", "3000 USD"), SALE, t6=takes)
    assert costs(result) == expected
    (issue,) = result.issues
    assert (issue.code, issue.account, issue.asset, issue.ref) == ("pick_not_used", "Kraken", "BTC", "t6")
    assert issue.message.startswith(f"{what}, picked for the disposal t6 of 2025-02-05 in Kraken, are not taken: {why}")
    assert "Disposal ID, Acquisition ID, Quantity" in issue.remedy


def test_a_pick_for_what_is_no_disposal_is_told_once_the_records_are_all_read() -> None:
    result = picked(*BOUGHT, SALE, t1="1 t2", t99="1 t2")
    assert [i.message for i in result.issues] == [
        f"1 of t2, picked for {ref}, are not taken: there is no disposal or transfer of that id"
        for ref in ("t1", "t99")
    ]
    assert codes(picked(*BOUGHT, SALE, until="2025-01-01", t5="1 t9", t99="1 t2")) == []


@pytest.mark.parametrize(
    "country, method", [*((c, "") for c in countries()), ("generic", "average"), ("de", "average")]
)
def test_where_units_are_not_identified_no_pick_counts(country: str, method: str) -> None:
    """A pick never changes a figure there, and never passes without a word where there are figures at all."""
    by = basis(country, method or rules_of(country).methods[0], currency="USD")
    rows = (*BOUGHT, sell("2024-06-05", "1 BTC", "100000 USD"))
    plain, result = picked(*rows, by=by), picked(*rows, by=by, t5="1 t2")
    if "specific" in rules_of(country).methods and method != "average":
        assert {d.rule for d in result.disposals} == {"specific"}
        return
    assert result.disposals == plain.disposals and result.lots == plain.lots
    told = [i for i in result.issues if i.code == "pick_not_used"]
    assert len(told) == by.rules.gains
    assert all("one by one in" in i.message or "all units cost the same" in i.message for i in told)


# ---- transfers, fees, migrations ----------------------------------------------------------------------


def test_a_transfer_carries_what_was_picked_for_it() -> None:
    """'Sold, disposed of, or transferred': Treas. Reg. 1.1012-1(j)(2)."""
    moved = move("2025-04-01", "1 BTC", "Kraken", "Ledger", txhash="0x1")
    rows = (*BOUGHT, moved, sell("2025-06-05", "2 BTC", "200000 USD", account="Ledger"))
    assert costs(picked(*rows)) == ["1 20000 fifo", "1 21000 fifo"]
    assert costs(picked(*rows, t5="1 t2")) == ["1 21000 fifo", "1 60000 fifo"]
    then = picked(*BOUGHT, *moved, SALE, t5="1 t9")
    assert then.issues[0].message.startswith("1 BTC of t9, picked for the transfer t5 of 2025-04-01 in Kraken, are not")


def test_under_one_queue_a_transfer_carries_no_lot_and_its_pick_is_told() -> None:
    result = picked(*BOUGHT, move("2024-04-01", "1 BTC", "Kraken", "Ledger"), by=basis(), t5="1 t2")
    assert [i.message.split(": ")[1] for i in result.issues] == [
        "lots have no account then, and a transfer carries none"
    ]


def test_under_one_queue_units_may_be_picked_wherever_they_are() -> None:
    sale = sell("2024-06-05", "1 BTC", "100000 USD")
    assert costs(picked(*BOUGHT, sale, by=basis(), t5="1 t4")) == ["1 21000 specific"]


def test_a_fee_in_coins_is_a_disposal_that_may_be_picked_for() -> None:
    paid = send("2025-06-05", "1 BTC", "spend", "100000 USD", fee="0.01 BTC")
    assert costs(picked(*BOUGHT, paid, t5="1 t3", t5_fee="0.01 t2")) == ["1 90000 specific", "0.01 600 specific"]


def test_units_withheld_by_law_are_not_to_be_picked() -> None:
    """Treas. Reg. 1.1012-1(j)(3)(iii): a swap's fee, withheld from what was received, is of the units just received."""
    rows = (*BOUGHT, buy("2024-05-05", "10 ETH", "30000 USD"))
    swapped = swap("2025-06-05", "10 ETH", "0.4 BTC", "40000 USD", fee="0.01 BTC")
    result = picked(*rows, swapped, t6_fee="0.01 t1")
    assert costs(result)[1:] == ["0.01 1000 specific"]
    assert codes(result) == ["pick_not_used"]


def test_a_lot_keeps_its_name_through_a_migration() -> None:
    rows = (
        buy("2023-01-05", "50 MATIC", "50 USD"),
        buy("2024-01-05", "50 MATIC", "40 USD"),
        swap("2024-09-13", "100 MATIC", "100 POL"),
        sell("2025-06-05", "50 POL", "20 USD"),
    )
    assert costs(picked(*rows, t4="50 t2")) == ["50 40 specific"]


# ---- recorded in time ---------------------------------------------------------------------------------

LATE = "on took units by lots that you picked before that choice was on record"


@pytest.mark.parametrize(
    ("recorded", "late"), [("2025-02-05 12:00", False), ("2025-02-05 12:01", True), ("2026-03-01", True), ("", True)]
)
def test_what_was_picked_after_the_sale_is_followed_and_told(recorded: str, late: bool) -> None:
    """Treas. Reg. 1.1012-1(j)(2): no later than the date and time of the sale. Not known is not in time."""
    result = picked(*BOUGHT, SALE, recorded=recorded, t5="1 t2")
    assert costs(result) == ["1 60000 specific"]
    assert codes(result) == ["late_identification"] * late
    if late:
        assert result.issues[0].message.startswith(f"1 disposal from 2025-02-05 {LATE}: ")
        assert "take the picks back" in result.issues[0].remedy


def test_each_tax_year_has_its_own_problem_of_late_picks() -> None:
    first = sell("2024-12-31", "0.5 BTC", "50000 USD")
    rows = (*BOUGHT, first, sell("2025-02-05", "0.5 BTC", "50000 USD"), send("2025-02-06", "0.5 BTC"))
    result = picked(*rows, recorded="2026-03-01", t5="0.5 t2", t6="0.5 t1", t7="0.1 t1")
    late = [i.message.split(" by ")[0] for i in result.issues if i.code == "late_identification"]
    assert late == [
        "1 disposal from 2024-12-31 on took units",
        "2 disposals or transfers from 2025-02-05 on took units",
    ]


def test_where_the_law_sets_no_time_no_pick_is_late() -> None:
    by = basis("au", scope=Scope.ACCOUNT, currency="USD")
    assert codes(picked(*BOUGHT, SALE, by=by, recorded="2026-03-01", t5="1 t2")) == []
