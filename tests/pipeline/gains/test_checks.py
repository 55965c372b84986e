"""What the records alone show to be wrong: each check finds its own case, tells it once, and leaves the rest alone."""

from decimal import Decimal

import pytest

from pipeline.issues import Issue
from pipeline.model import Balance, Result
from tests.ledgers import Rows, at, basis, buy, codes, derived, move, receive, row, sell, send

APART = basis("generic")


def reported(account: str, when: str, **held: str) -> list[Balance]:
    return [Balance(account, asset, Decimal(quantity), at(when)) for asset, quantity in held.items()]


def only(result: Result) -> Issue:
    (issue,) = result.issues
    assert issue.message and issue.remedy
    return issue


# ---- negative balance -------------------------------------------------------------------------------


def test_an_account_that_sends_more_than_it_had_is_told_once_on_its_first_day() -> None:
    result = derived(
        buy("2025-01-05", "1 ETH", "3000 USD"),
        buy("2025-01-05", "1 BTC", "90000 USD"),
        *move("2025-02-01", "1.5 BTC", "Kraken", "Ledger"),
        *move("2025-02-02", "2.5 BTC", "Kraken", "Ledger"),
    )
    issue = only(result)
    assert (issue.code, issue.account, issue.asset, issue.ref) == ("negative_balance", "Kraken", "BTC", "t3")
    assert "-0.5 BTC on 2025-02-01" in issue.message


def test_the_row_that_is_named_is_one_of_the_asset() -> None:
    result = derived(
        buy("2025-02-01", "1 ETH", "3000 USD"),
        *move("2025-02-01", "1 BTC", "Kraken", "Ledger"),
    )
    assert only(result).ref == "t2"


def test_rows_of_one_instant_may_stand_in_any_order() -> None:
    rows = [buy("2025-02-01", "1 BTC", "9 USD"), sell("2025-02-01", "1 BTC", "9 USD")]
    assert derived(*rows).issues == derived(*reversed(rows)).issues == []


def test_units_without_an_acquisition_are_told_as_that_and_not_again_as_a_balance() -> None:
    sold = sell("2025-02-01", "1 BTC", "9 USD")
    follows = reported("Kraken", "2025-03-01", BTC="0", USD="9")
    assert codes(derived(sold, reported=follows)) == ["missing_acquisition"]
    more = reported("Kraken", "2025-03-01", BTC="0.5", USD="9")
    assert codes(derived(sold, reported=more)) == ["missing_acquisition", "balance_differs"]


def test_an_opening_lot_changes_no_balance_if_its_money_came_from_outside() -> None:
    short = sell("2025-03-05", "1 BTC", "90000 USD")
    seen = reported("Kraken", "2025-06-01", BTC="0", USD="90000")
    assert codes(derived(short, reported=seen)) == ["missing_acquisition"]
    lot = (receive("2024-02-05", "60000 USD"), buy("2024-02-05", "1 BTC", "60000 USD"))
    assert codes(derived(*lot, short, reported=seen)) == []


def test_money_that_came_from_a_bank_is_not_missed() -> None:
    assert derived(buy("2025-02-01", "1 BTC", "90000 USD"), row("2025-02-02", "500 EUR")).issues == []


# ---- balances the exchange reports ------------------------------------------------------------------

TRADED: tuple[Rows, ...] = (buy("2025-01-05", "1.5 BTC", "90000 USD"), sell("2025-02-05", "0.5 BTC", "40000 USD"))


def test_the_exchanges_own_balance_is_compared_to_the_digit() -> None:
    fits = reported("Kraken", "2025-03-01", BTC="1.00", USD="-50000")
    assert derived(*TRADED, reported=fits).issues == []
    issue = only(derived(*TRADED, reported=reported("Kraken", "2025-03-01", BTC="1.00000001", USD="-50000")))
    assert (issue.code, issue.account, issue.asset) == ("balance_differs", "Kraken", "BTC")
    assert issue.message == (
        "Kraken reports 1.00000001 BTC, its history adds up to 1: 0.00000001 apart; "
        "it was there on 2025-03-01 12:00 UTC, the first report"
    )


@pytest.mark.parametrize(
    ("held", "asset"),
    [({"BTC": "1", "USD": "-50000", "ETH": "2"}, "ETH"), ({"USD": "-50000"}, "BTC")],
    ids=["an asset no record speaks of", "an asset the exchange does not list"],
)
def test_what_only_one_side_knows_differs(held: dict[str, str], asset: str) -> None:
    issue = only(derived(*TRADED, reported=reported("Kraken", "2025-03-01", **held)))
    assert (issue.code, issue.asset) == ("balance_differs", asset)


def test_only_the_newest_report_counts_and_only_rows_until_then() -> None:
    old = reported("Kraken", "2025-01-20", BTC="77")
    then = reported("Kraken", "2025-01-31", BTC="1.5", USD="-90000")
    assert derived(*TRADED, reported=old + then).issues == []
    assert only(derived(*TRADED, reported=then[:1] + old)).asset == "USD", "what the newest leaves out is not held"


def test_another_account_is_none_of_its_business() -> None:
    rows = (*TRADED, *move("2025-02-10", "1 BTC", "Kraken", "Ledger"))
    assert derived(*rows, reported=reported("Kraken", "2025-03-01", USD="-50000")).issues == []
    assert codes(derived(*rows, reported=reported("Ledger", "2025-03-01", BTC="0.9"))) == ["balance_differs"]


# ---- duplicates -------------------------------------------------------------------------------------


def test_one_trade_in_two_accounts_is_likely_one() -> None:
    result = derived(
        row("2025-01-05 12:00:00.250", "9000 USD", "0.1 BTC", source="kraken"),
        row("2025-01-06", "9100 USD", "0.1 BTC", source="kraken"),
        row("2025-01-05 12:00:00", "9000 USD", "0.1 BTC", account="ledgers", source="universal"),
        row("2025-01-06 12:00:00.251", "9100 USD", "0.1 BTC", account="Coinbase", source="coinbase"),
        row("2025-01-07 12:00:00.250", "9100 USD", "0.1 BTC", source="kraken"),
        row("2025-01-07 12:00:00.251", "9100 USD", "0.1 BTC", account="Coinbase", source="coinbase"),
    )
    found = [issue for issue in result.issues if issue.code == "possible_duplicate"]
    assert [(issue.severity, issue.ref, issue.details["twin"]) for issue in found] == [
        ("warning", "t1", "t3"), ("warning", "t4", "t2"),
    ], "within one second only where a second is all that one of them tells"  # fmt: skip
    assert "9000 USD" in found[0].message
    assert len(result.lots) == 6, "a warning changes no figure"


def test_an_account_that_stands_again_under_another_name_is_told_as_a_whole() -> None:
    days = [f"2025-01-0{d}" for d in range(2, 6)]
    first = [buy(day, "0.1 BTC", "9000 USD", account="Kraken") for day in [*days, "2025-01-09"]]
    again = [buy(day, "0.1 BTC", "9000 USD", account="kraken export") for day in days]
    issue = only(derived(*first, *again))
    assert (issue.code, issue.severity, issue.account) == ("duplicate_account", "error", "kraken export")
    assert "transactions: 4" in issue.message and "Kraken" in issue.message


@pytest.mark.parametrize(
    "other",
    [
        buy("2025-01-05", "0.1 BTC", "9000 USD"),  # of the same source: two fills of one second
        buy("2025-01-05", "0.1 BTC", "9001 USD", account="Coinbase"),
        buy("2025-01-05", "0.1 BTC", "9000 USD", "1 USD", account="Coinbase"),
        buy("2025-01-05 12:01", "0.1 BTC", "9000 USD", account="Coinbase"),
    ],
)
def test_what_differs_in_anything_is_no_duplicate(other: Rows) -> None:
    assert derived(buy("2025-01-05", "0.1 BTC", "9000 USD"), other).issues == []


# ---- names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ВТС", "BТC", "ＢＴＣ", "B\u200bTC", "btc", "Β\u0300TC"])
def test_names_that_only_look_alike_are_told_and_kept_apart(name: str) -> None:
    result = derived(buy("2025-01-05", "1 BTC", "9 USD"), buy("2025-01-06", f"1 {name}", "8 USD"))
    issue = only(result)
    assert issue.code == "look_alike_asset" and {issue.asset, issue.details["other"]} == {"BTC", name}
    assert len(result.lots) == 2


def test_names_that_look_different_are_left_alone() -> None:
    result = derived(
        buy("2025-01-05", "1 BTC", "9 USD"),
        buy("2025-01-06", "1 BTCB", "8 USD"),
        receive("2025-01-07", "1 ΩMEGA", "airdrop", "1 USD"),
    )
    assert result.issues == []


# ---- until ------------------------------------------------------------------------------------------


def test_a_years_report_tells_nothing_of_later_years() -> None:
    rows = (buy("2025-01-05", "1 BTC", "9 USD"), send("2026-01-05", "2 BTC", "spend", "1 USD"))
    later = reported("Kraken", "2026-03-01", BTC="5", USD="-9")
    assert derived(*rows, reported=later, until="2026-01-01").issues == []
    assert codes(derived(*rows, reported=later)) == ["missing_acquisition", "balance_differs"]
