"""What stands twice and happened once counts once, whichever of the two the person keeps."""

import pytest
from msgspec.structs import replace

from pipeline.answers import Answers
from pipeline.gains.derive import derive
from pipeline.model import Result
from tests.ledgers import Rows, basis, buy, codes, ledger, sell, send

BOUGHT = buy("2025-01-05", "1 BTC", "9000 USD")
AGAIN = buy("2025-01-05", "1 BTC", "9000 USD", account="Coinbase")
DAYS = [f"2025-01-0{day}" for day in range(2, 6)]


def said(*rows: Rows, **answers: dict[tuple[str, str], bool]) -> Result:
    return derive(ledger(*rows), [], basis(), answers=Answers(**answers))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("repeats", "accounts"),
    [
        ({("t2", "t1"): True}, ["Kraken"]),
        ({("t1", "t2"): True}, ["Coinbase"]),
        ({("t2", "t1"): False}, ["Coinbase", "Kraken"]),
        ({("t1", "t2"): False}, ["Coinbase", "Kraken"]),
    ],
)
def test_of_two_rows_the_one_that_the_person_keeps_counts_or_both(
    repeats: dict[tuple[str, str], bool], accounts: list[str]
) -> None:
    assert codes(said(BOUGHT, AGAIN)) == ["possible_duplicate"]
    result = said(BOUGHT, AGAIN, repeats=repeats)
    assert result.issues == [] and sorted(lot.account for lot in result.lots) == accounts


@pytest.mark.parametrize(("once", "left"), [(True, 1), (False, 2)])
def test_a_doubt_between_two_sources_of_one_account_is_settled_by_either_answer(once: bool, left: int) -> None:
    rows = (replace(BOUGHT, source="kraken"), replace(buy("2025-01-05", "1 BTC", "9003 USD"), source="export"))
    assert codes(said(*rows)) == ["possible_duplicate"]
    result = said(*rows, repeats={("t2", "t1"): once})
    assert result.issues == [] and len(result.lots) == left


def test_of_three_rows_one_is_left_and_never_none() -> None:
    rows = (BOUGHT, AGAIN, replace(AGAIN, account="Old"))
    once = {("t2", "t1"): True, ("t3", "t1"): True}
    assert [lot.account for lot in said(*rows, repeats=once).lots] == ["Kraken"]
    circle = said(*rows, repeats={("t1", "t2"): True, ("t2", "t3"): True, ("t3", "t1"): True})
    assert [lot.account for lot in circle.lots] == ["Old"] and codes(circle) == ["answer_not_used"]
    assert "each would be left out for the other" in circle.issues[0].message


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (buy("2025-01-05", "2 ETH", "9000 USD", account="Coinbase"), "one received ETH, the other BTC"),
        (buy("2025-01-07", "1 BTC", "9000 USD", account="Coinbase"), "they are more than a day apart"),
        (send("2025-01-05 13:00", "1 BTC", "spend", "9000 USD"), "one sent BTC, the other USD"),
    ],
)
def test_an_answer_that_no_longer_fits_its_rows_is_told_and_both_count(other: Rows, why: str) -> None:
    result = said(BOUGHT, other, repeats={("t2", "t1"): True})
    (issue,) = (i for i in result.issues if i.code == "answer_not_used")
    assert why in issue.message and "`t2,t1,open` under `Repeat,First,Counts`" in issue.remedy
    assert len(result.transactions) == 2


def test_of_an_account_that_repeats_another_only_the_rows_that_stand_in_both_are_left_out_one_for_one() -> None:
    first = [buy(day, "0.1 BTC", "9000 USD") for day in DAYS]
    again = [replace(t, account="export") for t in first]
    assert codes(said(*first, *again)) == ["duplicate_account"]
    more = (replace(again[0]), sell("2025-02-01", "0.2 BTC", "30000 USD", account="export"))
    result = said(*first, *again, *more, copies={("export", "Kraken"): True})
    kept = [t for t in result.transactions if t.account == "export"]
    assert [t.id for t in kept] == ["t9", "t10"], "a second row of the same instant that the first account has once"
    both = said(*first, *again, copies={("Kraken", "export"): False})
    assert both.issues == [] and len(both.lots) == 8
