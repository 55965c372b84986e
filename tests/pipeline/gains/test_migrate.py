"""Two rows in one account that are one migration: which are, which are not, and what is said of those that may be."""

import pytest

from pipeline.gains.match import match
from pipeline.gains.migrate import migrated
from pipeline.issues import Issue
from pipeline.model import Transfer
from tests.ledgers import Rows, basis, buy, codes, derived, ledger, move, receive, send, swap

DAY = "2024-09-13"
OPEN = {"unmatched_deposit", "unmatched_withdrawal"}


def paired(*rows: Rows) -> tuple[list[tuple[str, str, str]], list[Issue]]:
    """(old coin's row, new coin's row, how) of each pair, and the problems."""
    events, issues = migrated(*match(ledger(*rows)))
    return [(e.out.id, e.into.id, e.how) for e in events if isinstance(e, Transfer)], issues


PAIRS = {
    "to the last digit": (send(DAY, "7.25 MATIC"), receive(f"{DAY} 18:00", "7.25 POL")),
    "the new coin first": (send(f"{DAY} 18:00", "7.25 MATIC"), receive(DAY, "7.25 POL")),
    "two days apart": (send(DAY, "7.25 MATIC"), receive("2024-09-15", "7.25 POL")),
    "of another ratio": (send("2021-04-02", "12345 NPXS"), receive("2021-04-03", "12.345 PUNDIX")),
    "cut to the exchange's digits": (send(DAY, "7.123456789 MATIC"), receive(DAY, "7.12345678 POL")),
    "the old coin left on the evening before": (send("2024-09-03 23:00", "7 MATIC"), receive("2024-09-04", "7 POL")),
}


@pytest.mark.parametrize("rows", PAIRS.values(), ids=PAIRS)
def test_the_two_rows_of_a_migration_are_one_event_and_no_problem(rows: tuple[Rows, ...]) -> None:
    assert paired(*rows) == ([("t1", "t2", "migration")], [])


ALONE = {
    "another account": (send(DAY, "7 MATIC"), receive(DAY, "7 POL", account="Ledger")),
    "another ratio": (send(DAY, "7 MATIC"), receive(DAY, "6 POL")),
    "three days apart": (send(DAY, "7 MATIC"), receive("2024-09-16 12:01", "7 POL")),
    "the wrong way round": (send(DAY, "7 POL"), receive(DAY, "7 MATIC")),
    "before its day": (send("2024-09-02", "7 MATIC"), receive("2024-09-03", "7 POL")),
    "another coin": (send(DAY, "7 MATIC"), receive(DAY, "7 SKY")),
    "another project's coin": (send("2024-07-02", "100 AGIX"), receive("2024-07-02", "43.335 FET")),
}


@pytest.mark.parametrize("rows", ALONE.values(), ids=ALONE)
def test_what_is_only_alike_stays_two_open_rows(rows: tuple[Rows, ...]) -> None:
    pairs, issues = paired(*rows)
    assert (pairs, {i.code for i in issues}) == ([], OPEN)


@pytest.mark.parametrize("name", ["another ratio", "three days apart", "another project's coin"])
def test_rows_that_may_be_a_migration_say_so_to_each_other(name: str) -> None:
    rows = ledger(*ALONE[name])
    for issue in paired(*ALONE[name])[1]:
        other = next(t for t in rows if t.id != issue.ref)
        side = other.sent or other.received
        assert side is not None
        assert f"({side.quantity} {side.asset} " in issue.message and "belong in one row" in issue.message


@pytest.mark.parametrize("name", ["another account", "the wrong way round", "before its day", "another coin"])
def test_rows_that_are_no_migration_have_no_hint_of_one(name: str) -> None:
    assert not [i for i in paired(*ALONE[name])[1] if "became" in i.message]


def test_a_row_that_says_what_it_was_or_has_its_other_side_is_no_part_of_a_migration() -> None:
    pairs, issues = paired(send(DAY, "7 MATIC"), receive(DAY, "7 POL", "airdrop"))
    assert (pairs, [i.code for i in issues]) == ([], ["unmatched_withdrawal"])
    pairs, issues = paired(*move(DAY, "7 MATIC", "Kraken", "Ledger"), receive(DAY, "7 POL"))
    assert (pairs, [i.ref for i in issues]) == ([("t1", "t2", "amount")], ["t3"])


def test_each_row_is_part_of_one_migration_only_and_the_rest_stays_open() -> None:
    """The spot and the earn wallet of one account: two rows of the old coin, three of the new one."""
    rows = [send(DAY, "7 MATIC"), send(f"{DAY} 13:00", "7 MATIC")]
    rows += [receive(f"{DAY} {hour}", "7 POL") for hour in ("12:10", "13:10", "19:00")]
    pairs, issues = paired(*rows)
    assert sorted(pairs) == [("t1", "t3", "migration"), ("t2", "t4", "migration")]
    assert [(i.code, i.ref) for i in issues] == [("unmatched_deposit", "t5")]


def test_the_other_events_stay_as_they_were_in_the_order_of_time() -> None:
    rows = [buy("2022-01-05", "7 MATIC", "9 USD"), receive(DAY, "7 POL"), send(f"{DAY} 18:00", "7 MATIC")]
    events, _ = migrated(*match(ledger(*rows, buy("2025-01-05", "1 POL", "1 USD"))))
    assert [e.out.id if isinstance(e, Transfer) else e.id for e in events] == ["t1", "t3", "t4"]


@pytest.mark.parametrize(("country", "method"), [("us", "fifo"), ("fr", "average"), ("jp", "average")])
def test_more_than_was_there_became_the_new_coin_and_that_is_told_once(country: str, method: str) -> None:
    by = basis(country, method, currency="USD")
    result = derived(buy("2022-01-05", "5 MATIC", "9 USD"), swap(DAY, "7 MATIC", "7 POL"), by=by)
    assert codes(result) == ["missing_acquisition", "migration"]
