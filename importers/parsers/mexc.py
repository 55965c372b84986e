"""What MEXC's records mean: fills per pair, deposits and withdrawals, dust that became MX, moves to futures.

A pair is one word (BTCUSDT): its quote is one of those that MEXC has. What was swept as dust is one record each, of
which `convert` is the MX before the fee of 2%. Futures results are not read; what moved there is a transfer.

Sources: mexc.com/api-docs/spot-v3, "Account trade list", "Deposit History", "Withdraw History", "Dustlog", "Query
User Universal Transfer History" (2026-11); their samples: a fee of 0.000177 for 0.00885018 MX, which is 2% of it.
As in ccxt: a withdrawal's amount has its fee in it. From memory: the quotes, and that a deposit of status 12 is done.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from importers.assets import asset
from importers.base import shown
from importers.parsers import build
from importers.parsers.build import Said, Unread, amount, at_of, signed, transaction
from importers.parsers.movements import Movement, movements, trade
from pipeline.model import RawRecord

TRADES, DEPOSITS, WITHDRAWALS, DUST, TRANSFERS = "MyTrades", "Deposits", "Withdrawals", "Dust", "Transfers"
QUOTES = ("USDT", "USDC", "USD1", "USDE", "TUSD", "USDD", "BUSD", "BTC", "ETH", "EUR", "BRL", "MX")
_DONE = {DEPOSITS: frozenset(("5", "12")), WITHDRAWALS: frozenset("7")}
_NOT_DONE = {
    DEPOSITS: frozenset(("1", "2", "3", "4", "6", "7", "8", "9", "10", "11")),
    WITHDRAWALS: frozenset(("1", "2", "3", "4", "5", "6", "8", "9", "10")),
}


def split_pair(symbol: str) -> tuple[str, str]:
    """(base, quote) of a pair written in one word. Raises Unread."""
    for quote in QUOTES:
        if symbol.endswith(quote) and symbol != quote:
            return symbol.removesuffix(quote), quote
    raise Unread(f"the pair {shown(symbol)}: it can't be told where its second asset begins")


def _trade(record: RawRecord, value: Any) -> Iterator[Said]:
    base, quote = split_pair(value["symbol"])
    at = at_of(record)
    size, cost = amount(value["qty"], _asset(base, record)), amount(value["quoteQty"], _asset(quote, record))
    if size is None or cost is None or value["isBuyer"] not in (True, False):
        raise Unread("a trade without an amount or a side")
    fee = signed(value.get("commission") or "0")
    fees = [(fee, _asset(value["commissionAsset"], record))] if fee else []
    given, got = (cost, size) if value["isBuyer"] else (size, cost)
    side = "buy" if value["isBuyer"] else "sell"
    yield from trade(record, at, given, got, fees, f"{side} {value['symbol']} at {value['price']}")


def _movement(record: RawRecord, value: Any) -> Iterator[Said]:
    status, incoming = str(value["status"]), record.stream == DEPOSITS
    if status in _NOT_DONE[record.stream]:
        return
    if status not in _DONE[record.stream]:
        raise Unread(f"a {'deposit' if incoming else 'withdrawal'} of status {shown(status)}")
    coin, _, network = value["coin"].partition("-")  # USDT-TRX
    network = str(value.get("network") or value.get("netWork") or network)
    quantity, fee = signed(value["amount"]), signed(value.get("transactionFee") or "0")
    words = " ".join(filter(None, ("deposit" if incoming else "withdrawal", network)))
    txhash = str(value.get("transHash") or value.get("txId") or "").partition(":")[0]
    one = Movement(
        record, at_of(record), _asset(coin, record), quantity, fee, incoming, words, txhash, within=not incoming
    )
    yield from movements((), (), [one])


def _dust(record: RawRecord, value: Any) -> Iterator[Said]:
    given = amount(value["amount"], _asset(value["asset"], record))
    got, fee = amount(value["convert"], "MX"), amount(value["fee"], "MX")
    if given is None or got is None:
        raise Unread("a conversion of nothing")
    yield transaction(record, at_of(record), sent=given, received=got, fee=fee, description="small balance to MX")


def _transfer(record: RawRecord, value: Any) -> Iterator[Said]:
    if value["status"] != "SUCCESS":
        return
    moved = amount(value["amount"], _asset(value["asset"], record))
    out, into = str(value["fromAccountType"]), str(value["toAccountType"])
    if moved is None or "SPOT" not in (out, into):
        return
    sent, received = (moved, None) if out == "SPOT" else (None, moved)
    words = f"transfer from {out.lower()} to {into.lower()}"
    yield transaction(record, at_of(record), sent=sent, received=received, description=words)


def _balances(_record: RawRecord, value: Any) -> Iterator[tuple[str, Decimal]]:
    for each in value["balances"]:
        yield asset(each["asset"], "mexc"), signed(each["free"]) + signed(each.get("locked") or "0")


def _asset(code: str, record: RawRecord) -> str:
    return asset(code, "mexc", at_of(record))


read_records: Callable[..., Any] = build.parser(
    {TRADES: _trade, DEPOSITS: _movement, WITHDRAWALS: _movement, DUST: _dust, TRANSFERS: _transfer}, _balances
)
