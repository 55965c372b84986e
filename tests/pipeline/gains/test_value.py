"""What a row was worth: its own word first, then its money, then prices; by the taxpayer's day; never 0 for unknown."""

from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from pipeline.gains.match import match
from pipeline.gains.value import PriceBook, value
from pipeline.model import Price, Transaction, Transfer, Valued
from pipeline.money import exact, plain
from tests.ledgers import Rows, at, buy, ledger, move, prices, receive, row, sell, send, swap

NEW_YORK = ZoneInfo("America/New_York")


def looked_up(*lines: str) -> list[Price]:
    return [Price(p.asset, p.currency, p.price, "kraken 1d", p.at, p.day) for p in prices(*lines)]


def valued(*rows: Rows, priced: list[Price] | None = None) -> list[Valued]:
    with exact():
        events, _ = match(ledger(*rows))
        return value(events, PriceBook(priced or [], "USD", NEW_YORK))


def worth(one: Transaction, *priced: Price) -> str:
    """'value where-from' of one row, '?' when nothing is known."""
    (v,) = valued(one, priced=list(priced))
    return "?" if v.value is None else f"{plain(v.value)} {v.basis}"


def fee_of(one: Transaction, *priced: Price) -> str:
    (v,) = valued(one, priced=list(priced))
    return "?" if v.fee_value is None else plain(v.fee_value)


def quoted(asset: str, when: str, *priced: Price) -> str:
    with exact():
        found = PriceBook(priced, "USD", NEW_YORK).quote(asset, at(when))
    return "?" if found is None else plain(found[0])


# ---- the order of sources ---------------------------------------------------------------------------

FILE = prices("2025-02-03 BTC 90000 USD", "2025-02-03 EUR 1.03 USD")
MARKET = looked_up("2025-02-03 BTC 91000 USD", "2025-02-03 ETH 3000 USD", "2025-02-03 EUR 1.04 USD")


def test_each_source_gives_way_to_the_one_before() -> None:
    """Net Worth, then a fiat side, then the price file, then what was looked up, then nothing."""
    sale = row("2025-02-03", "1 BTC", "80000 USD", worth="85000 USD")
    assert worth(sale, *FILE, *MARKET) == "85000 net worth"
    assert worth(sell("2025-02-03", "1 BTC", "80000 USD"), *FILE, *MARKET) == "80000 fiat"
    assert worth(receive("2025-02-03", "1 BTC", "reward"), *FILE, *MARKET) == "90000 file prices.csv"
    assert worth(receive("2025-02-03", "1 BTC", "reward"), *MARKET) == "91000 kraken 1d"
    assert worth(receive("2025-02-03", "1 BTC", "reward")) == "?"


def test_other_money_counts_at_its_rate_and_without_a_rate_gives_way() -> None:
    bought = buy("2025-02-03", "1 BTC", "80000 EUR")
    assert worth(bought, *FILE) == "82400 fiat, file prices.csv"
    assert worth(bought, *looked_up("2025-02-03 BTC 91000 USD")) == "91000 kraken 1d"
    assert worth(bought) == "?"
    in_euro = receive("2025-02-03", "1 BTC", "reward", worth="80000 EUR")
    assert worth(in_euro, *FILE) == "82400 net worth, file prices.csv"
    assert worth(in_euro, *prices("2025-02-03 BTC 90000 USD")) == "90000 file prices.csv"


def test_between_two_moneys_the_reporting_currency_is_the_value() -> None:
    assert worth(row("2025-02-03", "80000 EUR", "83000 USD"), *FILE) == "83000 fiat"
    assert worth(row("2025-02-03", "83000 USD", "80000 EUR"), *FILE) == "83000 fiat"


def test_a_swap_is_worth_what_was_received_else_what_was_given() -> None:
    one = swap("2025-02-03", "1 BTC", "30 ETH")
    assert worth(one, *MARKET) == "90000 kraken 1d"  # 30 ETH of 3,000
    assert worth(one, *FILE, *MARKET) == "90000 kraken 1d"  # a file's price of what was given comes after
    assert worth(one, *FILE) == "90000 file prices.csv"
    assert worth(swap("2025-02-03", "1 BTC", "500 DUST"), *MARKET) == "91000 kraken 1d"
    assert worth(swap("2025-02-03", "500 DUST", "7 DUST2"), *MARKET) == "?"


def test_a_receipt_may_be_said_to_be_worth_nothing_but_is_never_taken_to_be() -> None:
    assert worth(receive("2025-02-03", "9 SPAM", "airdrop", worth="0 USD")) == "0 net worth"
    assert worth(receive("2025-02-03", "9 SPAM", "airdrop")) == "?"


# ---- when a price holds -----------------------------------------------------------------------------


def test_the_price_of_an_instant_holds_for_an_hour_either_way() -> None:
    around = prices("2025-02-03T12:00 BTC 100 USD", "2025-02-03T18:00 BTC 200 USD", "2025-02-03 BTC 150 USD")
    assert [quoted("BTC", f"2025-02-03 {t}", *around) for t in ("11:00", "12:59", "13:00", "17:00", "17:30")] == [
        "100", "100", "100", "200", "200",
    ]  # fmt: skip
    for far in ("10:59", "13:01", "15:00", "19:01"):  # the day's, where no instant is near
        assert quoted("BTC", f"2025-02-03 {far}", *around) == "150"


def test_without_a_price_of_the_day_the_nearest_within_it_holds_and_none_of_another_day() -> None:
    one = prices("2025-02-03T12:00 BTC 100 USD")
    assert quoted("BTC", "2025-02-03 23:00", *one) == "100"
    assert quoted("BTC", "2025-02-04T05:30:00+00:00", *one) == "?"  # half past midnight in New York


def test_the_nearest_of_two_instants_is_taken() -> None:
    two = prices("2025-02-03T12:00 BTC 100 USD", "2025-02-03T12:50 BTC 200 USD")
    assert [quoted("BTC", f"2025-02-03 {t}", *two) for t in ("12:24", "12:25", "12:26")] == ["100", "100", "200"]


@pytest.mark.parametrize(
    ("when", "price"),
    [
        ("2025-02-03T04:59:59+00:00", "1"),  # still 2 February in New York
        ("2025-02-03T05:00:00+00:00", "2"),
        ("2025-02-04T04:59:59+00:00", "2"),
        ("2025-07-03T03:59:59+00:00", "3"),  # summer time: midnight is at 4
        ("2025-07-03T04:00:00+00:00", "4"),
    ],
)
def test_a_days_price_is_that_of_the_taxpayers_day(when: str, price: str) -> None:
    days = prices("2025-02-02 BTC 1 USD", "2025-02-03 BTC 2 USD", "2025-07-02 BTC 3 USD", "2025-07-03 BTC 4 USD")
    assert quoted("BTC", when, *days) == price


def test_a_files_price_of_the_day_beats_a_looked_up_one_of_the_instant() -> None:
    assert quoted("BTC", "2025-02-03 12:00", *FILE, *looked_up("2025-02-03T12:00 BTC 91000 USD")) == "90000"


def test_a_bridge_serves_where_there_is_no_direct_price() -> None:
    through = looked_up("2025-02-03 BTC 88000 EUR", "2025-02-03 EUR 1.04 USD", "2025-02-03 PEPE 0.00002 BTC")
    assert quoted("BTC", "2025-02-03", *through) == "91520"
    assert quoted("BTC", "2025-02-03", *through, *MARKET) == "91000"
    assert quoted("BTC", "2025-02-04", *through) == "?"
    assert quoted("PEPE", "2025-02-03", *through) == "?"  # two bridges would be a guess upon a guess
    assert quoted("PEPE", "2025-02-03", *through, *MARKET) == "1.82"
    assert quoted("USD", "2025-02-03") == "1"


# ---- what is no price -------------------------------------------------------------------------------


def aside(source: str, line: str) -> Price:
    (p,) = prices(line)
    return Price(p.asset, p.currency, p.price, source, p.at, p.day)


FAR_OFF = aside("doubtful: Kraken BTC/USD daily close", "2025-02-03 BTC 900000 USD")
NOTHING = aside("no market: none has one for SPAM", "2025-02-03 SPAM 0 USD")


def test_a_doubtful_price_is_none_and_gives_way_to_any() -> None:
    reward = receive("2025-02-03", "1 BTC", "reward")
    assert worth(reward, FAR_OFF) == "?"
    assert worth(reward, FAR_OFF, *MARKET) == "91000 kraken 1d"
    assert worth(receive("2025-02-03", "1 BTC", "airdrop"), FAR_OFF) == "?"


def test_what_has_no_market_does_not_hang_on_the_order_in_which_that_was_kept() -> None:
    airdrop, elsewhere = receive("2025-02-03", "1 SPAM", "airdrop"), aside(NOTHING.source, "2025-02-03 SPAM 0 EUR")
    assert worth(airdrop, NOTHING, elsewhere) == worth(airdrop, elsewhere, NOTHING) == f"0 {NOTHING.source}"


def test_an_airdrop_without_a_market_is_worth_nothing_on_that_day_alone_and_nothing_else_is() -> None:
    assert worth(receive("2025-02-03", "9 SPAM", "airdrop"), NOTHING) == "0 no market: none has one for SPAM"
    assert worth(receive("2025-02-03", "9 SPAM", "airdrop", worth="5 USD"), NOTHING) == "5 net worth"
    assert worth(receive("2025-02-03", "9 SPAM", "airdrop"), NOTHING, *prices("2025-02-03 SPAM 2 USD")) == (
        "18 file prices.csv"
    )
    assert worth(receive("2025-02-04", "9 SPAM", "airdrop"), NOTHING) == "?"
    assert worth(receive("2025-02-03", "9 SPAM", "reward"), NOTHING) == "?"
    assert worth(swap("2025-02-03", "9 SPAM", "1 DUST"), NOTHING) == "?"


# ---- fees -------------------------------------------------------------------------------------------


def test_a_fee_in_an_asset_of_the_trade_has_the_trades_own_price() -> None:
    assert fee_of(sell("2025-02-03", "2 BTC", "160000 USD", "0.01 BTC"), *MARKET) == "800"
    assert fee_of(buy("2025-02-03", "2 BTC", "160000 USD", "0.01 BTC"), *MARKET) == "800"
    assert fee_of(swap("2025-02-03", "1 BTC", "30 ETH", "90000 USD", "0.3 ETH"), *MARKET) == "900"
    assert fee_of(swap("2025-02-03", "1 BTC", "30 ETH", "", "0.01 BTC"), *MARKET) == "900"


def test_a_fee_in_a_third_asset_or_in_money_has_its_own() -> None:
    assert fee_of(swap("2025-02-03", "1 BTC", "500 DUST", "", "0.1 ETH"), *MARKET) == "300"
    assert fee_of(sell("2025-02-03", "1 BTC", "80000 USD", "25 USD")) == "25"
    assert fee_of(sell("2025-02-03", "1 BTC", "80000 USD", "25 EUR"), *FILE) == "25.75"
    assert fee_of(row("2025-02-03", "1 BTC", "80000 USD", "25 USD", worth="85000 USD")) == "25"
    assert (
        fee_of(row("2025-02-03", "1 BTC", "80000 EUR", "25 EUR", worth="84000 USD")) == "26.25"
    )  # no rate but its own


def test_a_fee_without_a_price_is_unknown() -> None:
    assert fee_of(sell("2025-02-03", "1 BTC", "80000 USD", "25 EUR")) == "?"
    assert fee_of(sell("2025-02-03", "1 BTC", "80000 USD", "3 DUST"), *MARKET) == "?"
    assert fee_of(receive("2025-02-03", "1 DUST", "reward", fee="0.1 DUST"), *MARKET) == "?"


@pytest.mark.parametrize(
    ("said", "lost", "expected"),
    [
        ("", "", ("300", "?", "270")),
        ("20000 USD", "", ("200", "?", "270")),  # its Net Worth beats the price: 10 ETH, 2,000 each
        ("20000 USD", "9.6 ETH", ("200", "800", "270")),
        ("", "9.6 ETH", ("300", "1200", "270")),
    ],
)
def test_what_a_transfer_cost_is_worth_the_rows_own_word_else_the_price(
    said: str, lost: str, expected: tuple[str, str, str]
) -> None:
    out = send("2025-02-03", "10 ETH", worth=said, fee="0.1 ETH", txhash="aa")
    into = receive("2025-02-03", lost or "10 ETH", fee="0.09 ETH", account="Ledger", txhash="aa")
    (v,) = valued(out, into, priced=MARKET)
    assert isinstance(v.event, Transfer)
    found = (v.fee_value, v.value, v.into_fee_value)
    assert tuple("?" if one is None else plain(one) for one in found) == expected


def test_a_transfer_itself_needs_no_price() -> None:
    (v,) = valued(*move("2025-02-03", "5 DUST", "Kraken", "Ledger"))
    assert (v.value, v.fee_value, v.into_fee_value) == (None, None, None)


def test_nothing_is_rounded() -> None:
    one = receive("2025-02-03", "0.123456789012345678 ETH", "reward")
    (v,) = valued(one, priced=prices("2025-02-03 ETH 2345.678901234567891234 USD"))
    assert v.value is not None
    assert Fraction(v.value) == Fraction("0.123456789012345678") * Fraction("2345.678901234567891234")
