"""What HTX's records mean: fills, deposits and withdrawals, and transfers out of the spot account.

A fill names its pair in one word (btcusdt); which part of it is which follows from the asset of its fee: that of a
buy is in the base, of a sale in the quote, and a rebate the other way round. Fees can be paid in another coin
(`fee-deduct-currency`) or in points, which are prepaid and no asset.

Between the spot and the fiat account (otc) nothing is a transaction; what moves to or from margin, futures or a
sub-account is a transfer without a label.

Sources: HTX spot API, "Search Match Results", "Search for Existed Withdraws and Deposits", "Get Account Ledger"
(2026-11), and ccxt's samples of the answers. From memory: that a withdrawal's fee comes on top of its amount.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from importers.assets import asset
from importers.base import shown
from importers.parsers import build
from importers.parsers.build import MARGIN, Said, Unread, amount, at_of, signed, transaction
from importers.parsers.movements import Movement, movements, trade
from pipeline.model import Amount, RawRecord
from pipeline.money import ZERO

LEDGER, MATCHES, DEPOSITS, WITHDRAWALS = "Ledger", "MatchResults", "Deposits", "Withdrawals"
POINTS = frozenset(("hbpoint", "htxpoint", "point"))
_DONE = {DEPOSITS: frozenset(("safe", "confirmed")), WITHDRAWALS: frozenset(("confirmed",))}
_UNDER_WAY = frozenset(
    (
        "unknown", "confirming", "submitted", "reexamine", "pass", "pre-transfer", "wallet-transfer", "verifying",
        "orphan", "large-amount-examine", "pending",
    )
)  # fmt: skip
_NOTHING = frozenset(("canceled", "reject", "wallet-reject", "confirm-error", "repealed", "failed", "orphaned"))


def _match(record: RawRecord, value: Any) -> Iterator[Said]:
    if "margin" in str(value.get("source", "")):
        raise Unread(f"{value['symbol']}: margin trades are not supported yet", MARGIN)
    side, fee = value["type"].partition("-")[0], signed(value.get("filled-fees") or "0")
    base, quote = _pair(value["symbol"], side, value["fee-currency"], fee)
    at = at_of(record)
    size = amount(value["filled-amount"], _asset(base, record))
    cost = amount(signed(value["filled-amount"]) * signed(value["price"]), _asset(quote, record))
    if size is None or cost is None:
        raise Unread("a trade of nothing")
    fees = [(fee, _asset(value["fee-currency"], record))]
    other = str(value.get("fee-deduct-currency") or "")
    if other and other not in POINTS:
        fees.append((signed(value.get("filled-points") or "0"), _asset(other, record)))
    given, got = (cost, size) if side == "buy" else (size, cost)
    words = f"{side} {value['symbol']} at {value['price']}"
    yield from trade(record, at, given, got, fees, words)


def _pair(symbol: str, side: str, fee_in: str, fee: Decimal) -> tuple[str, str]:
    """(base, quote) of a pair written in one word."""
    if side not in ("buy", "sell"):
        raise Unread(f"a trade of type {shown(side)}")
    if (side == "buy") == (fee >= ZERO):
        base, quote = fee_in, symbol.removeprefix(fee_in)
    else:
        base, quote = symbol.removesuffix(fee_in), fee_in
    if not fee_in or not base or not quote or base + quote != symbol:
        raise Unread(f"the pair {shown(symbol)} with a fee in {shown(fee_in)}")
    return base, quote


def _movement(record: RawRecord, value: Any) -> Iterator[Said]:
    state, incoming = value["state"], record.stream == DEPOSITS
    if state in _NOTHING or (state in _UNDER_WAY and state not in _DONE[record.stream]):
        return
    if state not in _DONE[record.stream]:
        raise Unread(f"a {'deposit' if incoming else 'withdrawal'} in the state {shown(state)}")
    at = at_of(record)
    words = " ".join(filter(None, ("deposit" if incoming else "withdrawal", str(value.get("chain") or ""))))
    quantity, fee = signed(value["amount"]), abs(signed(value.get("fee") or "0"))
    txhash = str(value.get("tx-hash") or "")
    one = Movement(record, at, _asset(value["currency"], record), quantity, fee, incoming, words, txhash)
    yield from movements((), (), [one])


def _transfer(record: RawRecord, value: Any) -> Iterator[Said]:
    """A line of the ledger, which has transfers only."""
    kind, change = str(value["transferType"]), signed(value["transactAmt"])
    if value["transactType"] != "transfer":
        raise Unread(f"an account change of type {shown(str(value['transactType']))} is not supported yet")
    if "otc" in kind or "point" in kind or not change:
        return
    moved = Amount(abs(change), _asset(value["currency"], record))
    sent, received = (None, moved) if change > ZERO else (moved, None)
    yield transaction(record, at_of(record), sent=sent, received=received, description=shown(kind))


def _balances(_record: RawRecord, value: Any) -> Iterator[tuple[str, Decimal]]:
    for each in value["data"]["list"]:
        if each["currency"] not in POINTS:
            yield asset(each["currency"].upper(), "htx"), signed(each["balance"])


def _asset(code: str, record: RawRecord) -> str:
    return asset(code.upper(), "htx", at_of(record))


read_records: Callable[..., Any] = build.parser(
    {MATCHES: _match, DEPOSITS: _movement, WITHDRAWALS: _movement, LEDGER: _transfer}, _balances
)
