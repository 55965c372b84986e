"""What ccxt's unified structures mean: trades and movements -> transactions, for exchanges without a parser of ours.

A trade's fee is on top, whatever it is paid in; a movement's amount is without its fee. What has failed, was cancelled
or is under way is left out. Nothing of this was ever tried with the exchange, which one open problem for each account
says.

Source: docs.ccxt.com, "Trade structure", "Transaction structure", "Balance structure" (2026-11).
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from importers.assets import asset
from importers.parsers.build import MARGIN, Said, Unread, Value, amount, milliseconds, parser, signed, transaction
from pipeline.issues import Issue
from pipeline.model import Amount, Label, Parsed, RawRecord
from pipeline.money import ZERO, parse

VERSION = 2
TRADES, MOVEMENTS, DEPOSITS, WITHDRAWALS = "Trades", "Movements", "Deposits", "Withdrawals"

_DONE = (None, "ok", "closed")


def read_records(records: Iterable[RawRecord]) -> Parsed:
    """Transactions, balances, what is not understood, and that nothing of it is verified."""
    kept = list(records)
    readers = {TRADES: _trade, MOVEMENTS: _movement, DEPOSITS: _movement, WITHDRAWALS: _movement}
    parsed = parser(readers, balances=_balances)(kept)
    for account, source in sorted({(record.account, record.source) for record in kept}):
        details = {"exchange": source}
        parsed.issues.append(Issue("unverified_exchange", account, ref=f"{account}/unverified", details=details))
    return parsed


def _balances(record: RawRecord, value: Value) -> Iterator[tuple[str, Decimal]]:
    for code, quantity in value["total"].items():
        if quantity is not None:
            yield asset(code, record.source), signed(quantity)


def _trade(record: RawRecord, value: Value) -> Iterator[Said]:
    if ":" in value["symbol"]:
        raise Unread(f"margin and derivatives results are not supported yet ({value['symbol']})", MARGIN)
    base, _, quote = value["symbol"].partition("/")
    at = milliseconds(value["timestamp"])
    if not base or not quote or value["side"] not in ("buy", "sell"):
        raise Unread(f"it does not say what was traded ({value['symbol']})")
    units = amount(value["amount"], asset(base, record.source, at))
    cost = amount(value["cost"] or _product(value), asset(quote, record.source, at))
    fees = [
        (signed(each["cost"]), asset(each["currency"], record.source, at)) for each in value["fees"] if each["cost"]
    ]
    paid = [Amount(cost, name) for cost, name in fees if cost > ZERO]
    sides = (cost, units) if value["side"] == "buy" else (units, cost)
    words = f"{value['side']} {value['symbol']} at {value['price']}"
    yield transaction(record, at, sent=sides[0], received=sides[1], fee=paid[0] if paid else None, description=words)
    for number, more in enumerate(paid[1:], 2):
        yield transaction(record, at, sent=more, label=Label.COST, leg=f"fee {number}")
    for number, (quantity, name) in enumerate(fees):
        if quantity < ZERO:
            yield transaction(
                record, at, received=Amount(-quantity, name), label=Label.CASHBACK, leg=f"rebate {number}"
            )


def _product(value: Value) -> Decimal:
    return parse(str(value["amount"])) * parse(str(value["price"]))


def _movement(record: RawRecord, value: Value) -> Iterator[Said]:
    if value["status"] not in _DONE:
        return
    at = milliseconds(value["timestamp"])
    moved = amount(value["amount"], asset(value["currency"], record.source, at))
    fee = value["fee"] or {}
    cost = amount(fee["cost"], asset(fee["currency"], record.source, at)) if fee.get("cost") else None
    txhash = value["txid"] or ""
    if value["type"] == "deposit":
        yield transaction(record, at, received=moved, description="deposit", txhash=txhash)
    elif value["type"] == "withdrawal":
        yield transaction(record, at, sent=moved, fee=cost, description="withdrawal", txhash=txhash)
    else:
        raise Unread(f"type {value['type']} is not known to this version")
