"""A small account at each exchange of this machine: more than fifty records, so that a page of them may promise more.

account = ACCOUNTS["kraken"]()
folder = ready(tmp_path / "data", account.exchange, account.book, account.credentials)
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from importers.sandbox.binance import Binance
from importers.sandbox.binance_book import BinanceBook
from importers.sandbox.bitstamp import Bitstamp
from importers.sandbox.book import Book
from importers.sandbox.coinbase import Coinbase
from importers.sandbox.kraken import Key, Records
from importers.sandbox.okx import Okx
from importers.sandbox.okx_book import OkxBook
from importers.sandbox.server import NOW, Spoken

BEGIN = NOW - timedelta(days=25)
TRADES = 50


@dataclass(frozen=True)
class Account:
    """`lists`: the ends of the paths of the lists that every record is in; `since`: what its import is narrowed to."""

    exchange: str
    book: "Spoken | Records"
    credentials: Mapping[str, str]
    lists: tuple[str, ...]
    since: str = ""


def kraken() -> Account:
    book = Book({})
    begin = int(BEGIN.timestamp())
    book.pay_in(begin, "ZUSD", "20000")
    for n in range(TRADES):
        book.buy(begin + 3600 * (n + 1), "XXBTZUSD", str(100 + n))
    key = Key("key-of-the-tests-1234", base64.b64encode(b"secret of the tests").decode())
    records = Records(book.ledgers, book.trades, book.deposits, book.withdrawals, (key,))
    return Account("kraken", records, key.credentials, ("Ledgers", "TradesHistory", "DepositStatus"))


def binance() -> Account:
    book = BinanceBook()
    book.deposit(BEGIN, "90000.123456789012345678 USDT")
    for n in range(TRADES):
        book.trade(BEGIN + timedelta(hours=n + 1), "BTC/USDT", "buy", f"0.0010{n:04d}", f"{60000 + n}.17", "0.01 USDT")
    book.withdraw(BEGIN + timedelta(days=9), "0.01 BTC", "0.0001")
    made = Binance(book, NOW)
    lists = ("deposit/hisrec", "withdraw/history", "myTrades")
    return Account("binance", made, made.credentials, lists, f"{BEGIN - timedelta(days=1):%Y-%m-%d}")


def coinbase() -> Account:
    private, name = ec.generate_private_key(ec.SECP256R1()), "organizations/1/apiKeys/2"
    book = Coinbase(name, private.public_key())
    for code in ("USD", "BTC"):
        book.open(code)
    at = datetime(2025, 12, 7, 6, tzinfo=UTC)
    book.receive(at, "20000 USD", "fiat_deposit")
    for n in range(TRADES):
        book.fill(at + timedelta(hours=n + 1), "BTC-USD", "BUY", f"0.0001{n:04d}", f"{40000 + n}.17", f"0.0{n:03d}71",
                  order=f"order{n}")  # fmt: skip
    block = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()
    return Account("coinbase", book, {"apiKey": name, "secret": block}, ("fills", "transactions"))


def bitstamp() -> Account:
    book = Bitstamp("key-of-the-tests", "secret-of-the-tests")
    book.pay_in(BEGIN, "usd", "50000.00")
    for n in range(TRADES):
        book.trade(BEGIN + timedelta(hours=n + 1), "btc_usd", "buy", f"0.0001{n:04d}", f"{20_000 + n}.5", "0.00891")
    book.pay_out(BEGIN + timedelta(days=9), "btc", "0.00100000", "0.00005000", "hash")
    credentials = {"apiKey": book.key, "secret": book.secret}
    return Account("bitstamp", book, credentials, ("user_transactions/", "withdrawal-requests/"))


def okx() -> Account:
    book = OkxBook(BEGIN)
    book.deposit("USDT", "90000.123456789012345678")
    book.move("USDT", "60000")
    for _ in range(TRADES):
        book.buy("BTC", "0.01", "USDT", "651.234", fee="0.00001")
        book.wait(minutes=7)
    made = Okx(book, NOW)
    lists = ("account/bills-archive", "asset/bills-history", "deposit-history")
    return Account("okx", made, made.credentials, lists)


ACCOUNTS: dict[str, Callable[[], Account]] = {
    "kraken": kraken, "binance": binance, "coinbase": coinbase, "bitstamp": bitstamp, "okx": okx,
}  # fmt: skip
