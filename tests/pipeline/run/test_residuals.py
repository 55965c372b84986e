"""Balances of the exchanges against the ledger's: every wallet counts, every difference is told with its size, its
value, the time in which it came about and what it may come from; the dearest first."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest

from pipeline.issues import Issue
from pipeline.model import Balance, Price, Result
from pipeline.run.coverage import TELLING_LOST
from pipeline.run.residuals import explained, holdings, residuals, without_price
from tests.ledgers import Rows, at, buy, derived, receive, sell, send

D = Decimal
BOUGHT: tuple[Rows, ...] = (
    buy("2025-01-05", "1.5 BTC", "90000 USD"),
    buy("2025-02-05", "10 ETH", "30000 USD"),
    receive("2025-03-05", "0.25 ETH", "reward", "700 USD"),
)
PRICES = [
    Price("BTC", "USD", D(60000), "test", day=date(2025, 1, 5)),
    Price("BTC", "USD", D(100000), "test", day=date(2025, 3, 30)),
    Price("ETH", "USD", D(3000), "test", day=date(2025, 2, 5)),
]


def said(when: str, *wallets: dict[str, str], account: str = "Kraken") -> list[Balance]:
    """What an exchange reports at one time, wallet by wallet."""
    return [Balance(account, asset, D(q), at(when)) for held in wallets for asset, q in held.items()]


def judged(*reports: list[Balance], rows: Sequence[Rows] = BOUGHT, more: Sequence[Issue] = ()) -> list[Issue]:
    result: Result = derived(*rows, reported=[balance for report in reports for balance in report])
    return [i for i in explained([*result.issues, *more], result.transactions, PRICES, "USD") if i not in more]


MONEY = {"USD": "-120000.00"}
RIGHT = {"BTC": "1.50000000", "ETH": "10.25000000"} | MONEY


# ---- what is compared -----------------------------------------------------------------------------


def test_all_wallets_of_an_instant_are_one_balance() -> None:
    spot, earn = {"BTC": "0.50000000", "ETH": "10.25000000"} | MONEY, {"BTC": "1.00000000"}
    assert judged(said("2025-03-10", spot, earn)) == []
    held, asked = holdings(derived(*BOUGHT).transactions, said("2025-03-10", spot, earn))
    assert [(h.asset, h.computed, h.reported) for h in held if h.asset == "BTC"] == [("BTC", D("1.5"), D("1.5"))]
    assert asked == {"Kraken": at("2025-03-10")}
    (issue,) = judged(said("2025-03-10", spot))
    assert (issue.asset, issue.details["difference"]) == ("BTC", "1")


def test_an_earlier_report_is_not_mixed_with_the_newest() -> None:
    old = said("2025-03-01", {"DOGE": "7.00000000"})
    held, _ = holdings(derived(*BOUGHT).transactions, old + said("2025-03-10", RIGHT))
    assert "DOGE" not in [h.asset for h in held] and all(h.agrees for h in held)


@pytest.mark.parametrize(
    ("shown", "others", "same"),
    [
        ("1.2345", {"ETH": "1.5"}, False),  # four digits may be all that there are
        ("1.2345", {"ETH": "1.5000"}, True),  # this exchange shows four
        ("1.2345", {"ETH": "1.500000"}, False),  # and this one six
        ("1.2340", {}, False),  # 0.00057 off, far above its last digit
        ("1.2346", {"BTC": "0.5000"}, True),  # rounded to the four digits that it shows, as an earlier report says
        ("1.2345", {"BTC": "0.5000"}, True),  # cut there
        ("1.2344", {"BTC": "0.5000"}, False),
        ("1", {}, False),  # a whole number says nothing of its digits
        ("1.23457", {}, True),
    ],
)
def test_what_is_below_the_last_digit_that_an_exchange_shows_is_no_problem(
    shown: str, others: dict[str, str], same: bool
) -> None:
    earlier, money = said("2025-03-01", others), {"USD": "-1.00"}
    found = judged(earlier, said("2025-03-10", money, {"BTC": shown}), rows=[buy("2025-01-05", "1.23457 BTC", "1 USD")])
    assert ("BTC" not in [issue.asset for issue in found]) is same


def test_money_that_is_shown_in_cents_may_have_more_digits_in_the_ledger() -> None:
    rows = [buy("2025-01-05", "1 BTC", "100.004 USD")]
    assert judged(said("2025-03-10", {"BTC": "1.12345678", "USD": "-100.01"}), rows=rows)[0].asset == "BTC"
    assert [i.asset for i in judged(said("2025-03-10", {"BTC": "1.00000000", "USD": "-100.02"}), rows=rows)] == ["USD"]


# ---- when -----------------------------------------------------------------------------------------


def test_the_window_is_between_the_last_report_without_this_difference_and_the_first_with_it() -> None:
    lost = RIGHT | {"BTC": "1.40000000"}
    reports = [said("2025-03-10", RIGHT), said("2025-03-11", RIGHT), said("2025-03-12", lost), said("2025-03-13", lost)]
    (issue,) = judged(*reports)
    assert "; it came about between 2025-03-11 12:00 and 2025-03-12 12:00 UTC; likely: " in issue.message
    (residual,) = residuals([issue])
    assert (residual.after, residual.until, residual.difference) == (at("2025-03-11"), at("2025-03-12"), D("-0.1"))


def test_a_difference_that_was_always_there_says_so_and_a_trade_since_does_not_move_its_window() -> None:
    short = {"BTC": "1.40000000"} | MONEY
    before = {"BTC": "1.40000000", "USD": "-90000.00"}
    (issue,) = judged(said("2025-01-10", before), said("2025-03-10", short | {"ETH": "10.25000000"}))
    assert "; it was there on 2025-01-10 12:00 UTC, the first report; " in issue.message
    assert residuals([issue])[0].after is None


# ---- what it is worth, and why --------------------------------------------------------------------


def test_differences_are_ranked_by_value_and_those_without_a_price_come_last() -> None:
    report = {"BTC": "1.50010000", "ETH": "10.75000000", "DOGE": "90000.00000000", "USD": "-120020.00"}
    found = residuals(judged(said("2025-03-10", report)))
    assert [(r.asset, r.difference, r.value) for r in found] == [
        ("ETH", D("0.5"), D(1500)),
        ("USD", D(-20), D(20)),
        ("BTC", D("0.0001"), D(10)),  # at the price of the nearest day
        ("DOGE", D(90000), None),
    ]
    assert without_price(judged(said("2025-03-10", report))) == {("DOGE", at("2025-03-10"))}


def causes(report: dict[str, str], *rows: Rows, more: Sequence[Issue] = ()) -> tuple[str, ...]:
    (one,) = residuals(judged(said("2025-03-10", report), rows=[*BOUGHT, *rows], more=more))
    return one.causes


def test_the_row_or_fee_of_just_this_size_is_named_first() -> None:
    sold = sell("2025-03-06", "0.5 ETH", "1500 USD", "0.001 ETH")
    held = RIGHT | {"USD": "-118500.00", "ETH": "9.75000000"}
    (first, *_) = causes(held, sold)
    assert first.startswith("the fee of 2025-03-06 (") and first.endswith("is in its amount already")
    (first, *_) = causes(RIGHT, send("2025-03-06", "0.1 BTC", "spend", "1 USD"))
    assert first.startswith("the row of 2025-03-06 (") and "not have been done" in first


def test_what_is_known_to_be_missing_comes_before_guesses() -> None:
    more = [
        Issue("unread_record", "Kraken", details={"why": "x"}),
        Issue("unread_record", "Elsewhere", details={"why": "x"}),
        Issue("short_history", "Kraken", details={"why": "x", "cure": "y"}),
    ]
    found = causes(RIGHT | {"ETH": "10.50000000"}, more=more)
    assert found[:2] == ("1 record that could not be read", "history that the API does not give")
    unread = {"wallet": "earn", "what": "its earn wallet", "why": "it is busy", "then": "x", "exchange": "x"}
    more.append(Issue("wallet_not_read", "Kraken", details=unread))
    found = causes(RIGHT | {"ETH": "9.25000000"}, more=more)
    assert found[0] == "the earn wallet, which could not be read (it is busy)"
    assert "wallet" not in causes(RIGHT | {"ETH": "10.50000000"}, more=more)[0], "it can hold no less than nothing"
    beside = [
        Issue("not_read", "Kraken", details={"what": "margin and loans", "exchange": "x", "export": "x"}),
        Issue("moved_elsewhere", "Kraken", details={"place": "Kraken Futures"}),
        Issue("list_not_given", "Kraken", details={"loss": TELLING_LOST}),
    ]
    assert causes(RIGHT | {"ETH": "10.50000000"}, more=beside) == (
        "a list that the exchange does not give",
        "Kraken Futures, which are not read from its API",
        "margin and loans, which are not read from its API",
    )
    less, beyond = causes(RIGHT | {"BTC": "1.49000000"}), causes(RIGHT | {"ETH": "10.50000000"})
    assert "a fee taken in kind" in less and "staking reward" in beyond[0]
