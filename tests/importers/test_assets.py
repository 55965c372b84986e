"""What a code meant where and when: two coins are never one asset, one coin never two."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

import importers
from importers.assets import FORKS, PASSED_ON, SAME, asset, named
from importers.parsers.kraken import NAMES
from pipeline.coins import EXCHANGES, MIGRATIONS, SITES, SPELLINGS, carried, meant
from pipeline.fiat import FIAT

LAST_OF_LUNA = datetime(2022, 5, 27, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "exchange", "at", "name"),
    [
        ("LUNA", "binance", LAST_OF_LUNA, "LUNC"),
        ("LUNA", "binance", datetime(2022, 5, 28, tzinfo=UTC), "LUNA"),
        ("LUNA", "binance", None, "LUNA"),
        ("LUNA", "bitfinex", None, "LUNC"),
        ("LUNA2", "bitfinex", None, "LUNA"),
        ("UST", "bitfinex", None, "USDT"),
        ("UST", "bitstamp", None, "USTC"),
        ("BCHABC", "binance", None, "BCH"),
        ("BCHABC", "bitfinex", None, "XEC"),
        ("BCHSV", "binance", None, "BSV"),
        ("BCC", "binance", date(2018, 1, 1), "BCH"),
        ("BCC", "", date(2018, 1, 1), "BCC"),
        ("IOTA", "binance", None, "IOTA"),
        ("MIOTA", "bitvavo", None, "IOTA"),
        ("IOT", "bitfinex", None, "IOTA"),
        ("XRB", "binance", date(2017, 12, 31), "XNO"),
        ("NANO", "kucoin", None, "XNO"),
        ("ETH2", "coinbase", None, "ETH"),
        ("ETH2", "binance", None, "ETH"),
        ("BETH", "binance", None, "BETH"),
        ("BIFI", "gate", None, "BITCOINFILE"),
        ("BIFI", "gateeu", None, "BITCOINFILE"),
        ("BIFI", "binance", None, "BIFI"),
        ("GAS", "mexc", None, "GASDAO"),
        ("GASNEO", "mexc", None, "GAS"),
        ("MATIC", "okx", date(2023, 1, 1), "MATIC"),
        ("BTC", "nowhere", None, "BTC"),
    ],
)
def test_a_code_is_named_by_what_it_meant_there_and_then(code: str, exchange: str, at: date | None, name: str) -> None:
    assert asset(code, exchange, at) == name


@pytest.mark.parametrize("exchange", ["", *SPELLINGS])
def test_a_name_is_not_renamed_again(exchange: str) -> None:
    """What is a name here is written so everywhere: read by another source, it stays what it is."""
    for name in {*SAME.values(), *(m.new for m in MIGRATIONS), *(f.new for f in FORKS)}:
        assert asset(name) == name
    for code in {*SPELLINGS.get(exchange, {}), *SAME}:
        assert asset(asset(code, exchange)) == asset(code, exchange)


def test_no_spelling_turns_a_coin_into_money_or_money_into_a_coin() -> None:
    for codes in (SAME, *SPELLINGS.values()):
        assert not FIAT & {*codes, *codes.values()}
        assert all(name.isalnum() and name.isupper() for name in codes.values())


def test_what_is_spelt_is_spelt_at_an_exchange_that_is_known() -> None:
    assert {*SPELLINGS, *SITES, *SITES.values()} <= set(importers.exchange_names()) == EXCHANGES


def test_kraken_names_coins_as_the_others_do() -> None:
    assert {asset(name) for name in NAMES.values()} == set(NAMES.values())


@pytest.mark.parametrize(
    ("old", "new", "day", "had", "has"),
    [
        ("LEND", "AAVE", "2020-11-01", "250", "2.5"),
        ("MATIC", "POL", "2024-09-13", "7.25", "7.25"),
        ("MKR", "SKY", "2025-06-01", "0.5", "12000"),
        ("AGIX", "FET", "2024-07-02", "100", "43.335"),
        ("VEN", "VET", "2018-07-25", "3", "300"),
        ("NPXS", "PUNDIX", "2021-04-01", "12345", "12.345"),
    ],
)
def test_a_swap_that_was_a_migration_is_known_with_its_ratio(old: str, new: str, day: str, had: str, has: str) -> None:
    found = carried(old, new, date.fromisoformat(day))
    assert found is not None
    product, divisor = found.of(Decimal(had))
    assert product == Decimal(has) * divisor


@pytest.mark.parametrize(
    ("old", "new", "day"),
    [("POL", "MATIC", "2025-01-01"), ("LEND", "AAVE", "2020-10-02"), ("BTC", "ETH", "2025-01-01")],
)
def test_any_other_swap_is_a_trade(old: str, new: str, day: str) -> None:
    assert carried(old, new, date.fromisoformat(day)) is None


def test_a_merger_of_projects_carries_nothing_over_by_itself() -> None:
    asked = {(m.old, m.new) for m in MIGRATIONS if not m.carries}
    assert asked == {("AGIX", "FET"), ("OCEAN", "FET"), ("MCO", "CRO")}


def test_a_code_that_went_on_to_another_coin_leaves_the_old_one_a_name_and_a_way_on() -> None:
    ways = {m.old for m in MIGRATIONS} | {f.old for f in FORKS}
    for passed in PASSED_ON:
        assert passed.meant in ways and passed.meant != passed.code
        assert asset(passed.code, "", passed.day) == passed.code


def test_migrations_are_in_order_and_lead_in_no_circle() -> None:
    assert [m.day for m in MIGRATIONS] == sorted(m.day for m in MIGRATIONS)
    assert len({(m.old, m.new) for m in MIGRATIONS}) == len(MIGRATIONS) == len({m.old for m in MIGRATIONS})
    following = {m.old: m.new for m in MIGRATIONS}
    for old in following:
        seen = [old]
        while seen[-1] in following:
            assert following[seen[-1]] not in seen
            seen.append(following[seen[-1]])


@pytest.mark.parametrize(
    ("old", "new", "had", "has", "fits"),
    [
        ("MATIC", "POL", "7.25", "7.25", True),
        ("MATIC", "POL", "7.12345678", "7.123457", True),  # rounded
        ("MATIC", "POL", "7.12345678", "7.123456", True),  # cut
        ("MATIC", "POL", "7.25", "7.24", False),
        ("MATIC", "POL", "7.25", "7", False),  # no digit is so coarse
        ("LEND", "AAVE", "123.456", "1.23456", True),
        ("LEND", "AAVE", "123.456", "1.2345", True),
        ("LEND", "AAVE", "123.456", "1.23", True),
        ("LEND", "AAVE", "123.456", "123.456", False),
        ("BTTOLD", "BTT", "0.12345678", "123.456785", True),  # the old amount was cut, too
        ("SUNOLD", "SUN", "1", "1000", True),
    ],
)
def test_amounts_are_of_a_migration_up_to_the_last_digit_that_is_written(
    old: str, new: str, had: str, has: str, fits: bool
) -> None:
    found = carried(old, new, date(2026, 1, 1))
    assert found is not None and found.fits(Decimal(had), Decimal(has)) is fits


@pytest.mark.parametrize(
    ("code", "account", "source", "coin"),
    [
        ("BIFI", "Gate.io", "universal", "BITCOINFILE"),
        ("BIFI", "gate eu, savings", "universal", "BITCOINFILE"),
        ("BIFI", "Huobi", "universal", "BITCOINFILE"),
        ("BIFI", "Binance US", "universal", "BIFI"),
        ("BIFI", "Crypto.com App", "universal", "BIFI"),
        ("BIFI", "my wallet", "gate", "BIFI"),  # the exchange's own record is read already
        ("BIFI", "Gateway wallet", "universal", None),
        ("BIFI", "Ledger", "universal", None),
        ("UST", "Bitfinex", "universal", "USDT"),
    ],
)
def test_a_row_of_a_persons_own_file_may_mean_what_its_exchange_does(
    code: str, account: str, source: str, coin: str | None
) -> None:
    assert meant(code, account, source) == coin


@pytest.mark.parametrize(
    ("code", "account", "at", "name"),
    [
        ("XRB", "Ledger", date(2018, 1, 1), "XNO"),
        ("LUNA", "my wallet", LAST_OF_LUNA, "LUNC"),
        ("LUNA", "my wallet", date(2022, 5, 28), "LUNA"),
        ("LUNA", "Bitfinex", LAST_OF_LUNA, "LUNC"),  # both meanings are one
        ("LUNA", "Bitfinex", date(2023, 1, 1), "LUNA"),
        ("UST", "Kraken", date(2021, 1, 1), "USTC"),
        ("UST", "Bitfinex", date(2021, 1, 1), "UST"),  # Tether, if it is written as Bitfinex does
        ("BIFI", "Gate.io", date(2021, 1, 1), "BIFI"),
        ("BTC", "Kraken", date(2021, 1, 1), "BTC"),
    ],
)
def test_a_code_of_a_persons_own_file_is_renamed_where_nothing_speaks_against_it(
    code: str, account: str, at: date, name: str
) -> None:
    assert named(code, account, at) == name
