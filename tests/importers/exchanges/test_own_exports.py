"""An account over its API and by the exchange's own export of the same history: each happening counts once, whichever
came first, and what is computed is what the exchange reports."""

import shutil
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from importers.sandbox.binance import Binance
from importers.sandbox.binance_book import BinanceBook
from importers.sandbox.bitstamp import Bitstamp
from importers.sandbox.coinbase import Coinbase, utc
from importers.sandbox.okx import Okx
from importers.sandbox.okx_book import OkxBook
from importers.sandbox.server import NOW, Spoken
from pipeline.ledger import Ledger
from pipeline.model import Transaction, is_fiat
from pipeline.run.importing import Notes, files
from pipeline.run.ties import rows_of
from tests.importers.exchanges import test_coinbase
from tests.importers.exchanges.imports import fetch, held, problems, ready, said

SILENT = Notes(lambda _: None, lambda *_: None)
SINCE = "2025-12-20"
AT = utc("2025-12-21T10:00:00.250")
Rows = Iterable[Transaction]


def bitstamp() -> tuple[Spoken, dict[str, str]]:
    book = Bitstamp("key-of-the-tests", "secret-of-the-tests")
    book.pay_in(AT, "usd", "5000.00")
    for n in (1, 1, 2):
        book.trade(AT + timedelta(hours=n), "btc_usd", "buy", "0.01000000", "20000.5", "0.80")
    book.trade(AT + timedelta(days=1), "btc_usd", "sell", "0.00500000", "21000", "0.42")
    book.pay_out(AT + timedelta(days=2), "btc", "0.00100000", "0.00005000", "hash")
    return book, {"apiKey": "key-of-the-tests", "secret": "secret-of-the-tests"}


def binance() -> tuple[Spoken, dict[str, str]]:
    book = BinanceBook()
    book.deposit(AT, "5000 USDT")
    for n in (1, 1, 2):
        book.trade(AT + timedelta(hours=n), "BTC/USDT", "buy", "0.01", "60000", "0.00001 BTC")
    book.trade(AT + timedelta(days=1), "BTC/USDT", "sell", "0.005", "61000", "0.305 USDT")
    book.withdraw(AT + timedelta(days=2), "0.001 BTC", "0.0001")
    exchange = Binance(book, NOW)
    return exchange, exchange.credentials


def coinbase() -> tuple[Spoken, dict[str, str]]:
    book = Coinbase(test_coinbase.NAME, test_coinbase.private().public_key(), most_accounts=4)
    for code in ("USD", "BTC"):
        book.open(code)
    book.receive(AT, "5000 USD", "fiat_deposit")
    for n in (1, 1, 2):
        book.fill(AT + timedelta(hours=n), "BTC-USD", "BUY", "0.01", "60000", "3.6", order=f"{n}")
    book.fill(AT + timedelta(days=1), "BTC-USD", "SELL", "0.005", "61000", "1.83", order="s")
    book.send(AT + timedelta(days=2), "0.001 BTC", "0.00001 BTC", "0xcafe")
    return book, test_coinbase.credentials()


def okx() -> tuple[Spoken, dict[str, str]]:
    book = OkxBook(AT)
    book.deposit("USDT", "5000")
    book.move("USDT", "5000")
    for _ in range(3):
        book.buy("BTC", "0.01", "USDT", "600", fee="0.00001")
    book.sell("BTC", "0.005", "USDT", "305", fee="0.305")
    book.move("BTC", "0.002", to_trading=False)
    book.withdraw("BTC", "0.001", "0.0001")
    exchange = Okx(book, NOW)
    return exchange, exchange.credentials


# ---- their own exports --------------------------------------------------------------------------


def of(rows: Rows) -> Iterable[tuple[datetime, str, str, str, str, Decimal, str]]:
    """(when, "buy", "sell", "in" or "out", base, its quantity, quote, its amount, fee): what an export names."""
    for t in rows:
        sides = {side.asset: side.quantity for side in (t.sent, t.received) if side is not None}
        coin = next(asset for asset in sorted(sides, key=lambda a: (is_fiat(a) or a == "USDT", a)))
        money = next((asset for asset in sides if asset != coin), "")
        way = ("buy" if t.received and t.received.asset == coin else "sell") if money else "in" if t.received else "out"
        paid = t.fee.quantity if t.fee else Decimal(0)
        yield t.at, way, coin, f"{sides[coin]:f}", money, paid, f"{sides.get(money, Decimal(0)):f}"


def bitstamp_export(rows: Rows) -> dict[str, str]:
    lines = ["ID,Account,Type,Subtype,Datetime,Amount,Amount currency,Value,Value currency,Rate,Rate currency,Fee,"
             "Fee currency,Order ID"]  # fmt: skip
    for n, (at, way, coin, units, money, fee, worth) in enumerate(of(rows), 900):
        kind = {"in": "Deposit,", "out": "Withdrawal,", "buy": "Market,Buy", "sell": "Market,Sell"}[way]
        value = f"{worth},{money},1,{money},{fee},{money}" if money else f",,,,{fee},{coin}"
        lines.append(f"{n},Main Account,{kind},{at:%Y-%m-%dT%H:%M:%SZ},{units},{coin},{value},1")
    return {"export.csv": "\n".join((*lines, ""))}


def binance_export(rows: Rows) -> dict[str, str]:
    lines = ["User_ID,UTC_Time,Account,Operation,Coin,Change,Remark"]
    for at, way, coin, units, money, fee, worth in of(rows):
        changes = {
            "in": [("Deposit", units, coin)],
            "out": [("Withdraw", f"-{Decimal(units) + fee:f}", coin)],
            "buy": [("Transaction Buy", units, coin), ("Transaction Spend", f"-{worth}", money),
                    ("Transaction Fee", f"-{fee:f}", coin)],
            "sell": [("Transaction Sold", f"-{units}", coin), ("Transaction Revenue", worth, money),
                     ("Transaction Fee", f"-{fee:f}", money)],
        }[way]  # fmt: skip
        lines += [f"1,{at:%Y-%m-%d %H:%M:%S},Spot,{what},{asset},{change}," for what, change, asset in changes]
    return {"history.csv": "\n".join((*lines, ""))}


def coinbase_export(rows: Rows) -> dict[str, str]:
    lines = ["ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,"
             "Total (inclusive of fees and/or spread),Fees and/or Spread,Notes"]  # fmt: skip
    for n, (at, way, coin, units, money, fee, worth) in enumerate(of(rows)):
        buys, price = way == "buy", Decimal(worth) / Decimal(units)
        total = Decimal(worth) + fee if buys else Decimal(worth) - fee
        if money:
            notes = (
                f"{'Bought' if buys else 'Sold'} {units} {coin} for {total:f} {money} on {coin}-{money} at {price:f} "
            )
            rest = f"USD,${price:f},${worth},${total:f},${fee:f},{notes}{money}/{coin}"
            lines.append(f"x{n},{at:%Y-%m-%d %H:%M:%S UTC},Advanced Trade {way.title()},{coin},{units},{rest}")
        else:
            kind, gone = ("Deposit", units) if way == "in" else ("Send", f"-{Decimal(units) + fee:f}")
            lines.append(f"x{n},{at:%Y-%m-%d %H:%M:%S UTC},{kind},{coin},{gone},USD,$1,$1,$1,$0.00,")
    return {"report.csv": "\n".join((*lines, ""))}


def okx_export(rows: Rows) -> dict[str, str]:
    trading = ["id,Order id,Time,Trade Type,Symbol,Action,Amount,Trading Unit,Filled Price,PnL,Fee,Fee Unit,"
               "Position Change,Position Balance,Balance Change,Balance,Balance Unit"]  # fmt: skip
    funding = ["id,Time,Type,Amount,Before Balance,After Balance,Symbol"]
    for n, (at, way, coin, units, money, fee, worth) in enumerate(of(rows)):
        when = f"{at:%Y-%m-%d %H:%M:%S}"
        if money:
            changes = [(coin, Decimal(units)), (money, -Decimal(worth))]
            for k, (asset, change) in enumerate((a, c if way == "buy" else -c) for a, c in changes):
                taken = fee if change > 0 else Decimal(0)
                trading.append(
                    f"{n}{k},o{n},{when},Spot,{coin}-{money},{way.title()},{units},{coin},1,0,{-taken:f},{asset},0,0,"
                    f"{change - taken:f},0,{asset}"
                )
        else:
            change = Decimal(units) if way == "in" else -Decimal(units) - fee
            funding.append(f"{n},{when},{'Deposit' if way == 'in' else 'Withdrawal'},{change:f},0,{change:f},{coin}")
    above = "UID:1,Account Type:Main,Time Zone:UTC+0\n"
    return {"trading.csv": above + "\n".join((*trading, "")), "funding.csv": above + "\n".join((*funding, ""))}


Made = Callable[[], tuple[Spoken, dict[str, str]]]
EXCHANGES: dict[str, tuple[Made, Callable[[Rows], dict[str, str]]]] = {
    "bitstamp": (bitstamp, bitstamp_export),
    "binance": (binance, binance_export),
    "coinbase": (coinbase, coinbase_export),
    "okx": (okx, okx_export),
}


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_an_api_and_the_exchanges_own_export_are_one_history(
    exchange: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, export = EXCHANGES[exchange]
    book, credentials = made()
    begun = ready(tmp_path / "begun", exchange, book, credentials)
    by_api = shutil.copytree(begun, tmp_path / "api")
    assert fetch(by_api, book, since=SINCE).failures == []
    with Ledger.open(by_api, create=False) as ledger:
        rows = ledger.transactions()
    assert sum(t.sent is not None and t.received is not None for t in rows) == 4
    paths = []
    for name, text in export(rows).items():
        (tmp_path / name).write_text(text)
        paths.append(tmp_path / name)
    computed, reported = held(by_api)
    assert computed == reported
    first = files(by_api, paths, "mine", SILENT)
    other = shutil.copytree(begun, tmp_path / "other")
    assert files(other, paths[::-1], "mine", SILENT).failures == first.failures == []
    assert fetch(other, book, since=SINCE).failures == []
    for folder in (by_api, other):
        with Ledger.open(folder, create=False) as ledger:
            tied = rows_of(ledger, "mine")
        assert said(list(tied)) == said(rows)
        assert held(folder) == (computed, reported)
        assert problems(folder) & {"unread_record", "balance_differs", "possible_duplicate"} == set()
    assert any("are known from the API: each counts once" in line for line in first.lines)
    capsys.readouterr()
