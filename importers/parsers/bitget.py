"""What Bitget's records mean: its list for the tax, or where the key may not read that, its bills, are the ledger of
the spot account; the other lists say more of some of their lines.

A line changes one balance by its amount less its fee; of a trade there are two, bought and sold, that share their
order or, among bills, their instant. Where both ledgers were read, bills count after the newest line of the tax list.
Deposits, withdrawals, conversions and the interest on savings are lists of their own; each takes the lines that it
made, so that nothing counts twice. What moves between spot, funding, futures and Earn is no transaction.

Sources: bitget.com/api-doc, "Spot Transaction Records" of tax with its types, "Get Convert History", "Get BGB Convert
History"; answers recorded in ccxt for bills, deposits and withdrawals; of the tax list also one order as a user
recorded it, whose fee is a thousandth of the amount, so that the amount is before the fee (2026-11). From memory: the
words of the bills, that they are before their fee, too, and that a withdrawal's size has its fee inside.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from importers.assets import asset as named
from importers.parsers.build import BOTS, Said, Unread, Value, amount, milliseconds, parser, signed, transaction, unread
from importers.parsers.claims import (
    DAY,
    HOUR,
    Also,
    Entries,
    Entry,
    Pair,
    bunches,
    by_stream,
    conversion,
    each,
    entries_of,
    one_sided,
    pairs_of,
)
from pipeline.model import Amount, Label, RawRecord
from pipeline.money import ZERO

TAX, BILLS, DEPOSITS, WITHDRAWALS, CONVERTS, SMALL, SAVINGS = (
    "tax bills deposits withdrawals converts bgb-converts savings".split()
)

# Kinds by the words of the tax list and of bills, in small letters and without "_".
_IN = frozenset(("deposit", "fiat deposit", "ordinary deposit"))
_OUT = frozenset(("withdrawal", "withdraw", "ordinary withdrawal", "fiat withdrawal success - deduct"))
_BOUGHT, _SOLD = frozenset(("buy",)), frozenset(("sell",))
_SPENT, _GAINED = frozenset(("exchange spending", "convert out")), frozenset(("exchange income", "convert in"))
_SWAPS = _SPENT | _GAINED | {"small exchange", "convert"}
_INTERNAL = frozenset(
    (
        "transfer in", "transfer out", "subscribe", "redemption", "system lock-up", "user lock-up", "system lock",
        "user lock", "unlock locked order", "withdrawal frozen", "withdrawal unfreeze", "financial subscribe",
        "financial redeem", "megaswap transfer in", "megaswap transfer out",
    )
)  # fmt: skip
_LABELS = {
    **dict.fromkeys(("interest", "financial interest"), Label.INTEREST),
    **dict.fromkeys(("airdrop reward-a", "airdrop reward-b", "airdrop rewards"), Label.AIRDROP),
    **dict.fromkeys(("trading fee rebate", "crypto voucher distribution"), Label.CASHBACK),
    **dict.fromkeys(("rebate rewards", "lotto rewards", "activity issuance", "activity fund", "gains",
                     "channel referral rewards"), Label.INCOME),
}  # fmt: skip
_COSTS = frozenset(("user fees", "transaction fee deduct", "system charges fees", "fast withdrawal fee", "penalty",
                    "deduct handling fee", "deduction of handling fee"))  # fmt: skip
_TRANSFERS = frozenset(("sent", "received"))  # to and from other persons at Bitget
_ELSEWHERE = frozenset(("strategic purchase-user accounts", "strategic refund-user account",
                        "deposit from strategy account", "withdraw to strategy account", "copy trade expense",
                        "copy trade profit", "refund copy trade commission"))  # fmt: skip

_LISTED = frozenset((*_IN, *_OUT, *_BOUGHT, *_SOLD, *_SWAPS, *_INTERNAL, *_LABELS, *_COSTS, *_TRANSFERS, *_ELSEWHERE))
_CAME, _WENT, _SWAP = Also(_IN, _LISTED), Also(_OUT, _LISTED), Also(_SWAPS, _LISTED)
_PAID = Also(("interest", "financial interest"), _LISTED)


def _asset(code: Value, record: RawRecord, at: datetime) -> str:
    if not isinstance(code, str) or not code:
        raise ValueError("a coin should be text")
    return named(code, record.source, at)


def _entry(record: RawRecord, value: Value, kind: str, number: Value, fee: Value, time: Value) -> Entry:
    """The word says which way, since signs differ between lists."""
    at, gross, taken = milliseconds(time), signed(number), abs(signed(fee or "0"))
    if kind in _OUT | _SOLD | _SPENT:
        gross = -abs(gross)
    elif kind in _IN | _BOUGHT | _GAINED:
        gross = abs(gross)
    return Entry(record, kind, _asset(value["coin"], record, at), gross - taken, at, taken, value)


def _tax_line(record: RawRecord, value: Value) -> Entry:
    kind = value["spotTaxType"].strip().lower()
    return _entry(record, value, kind, value["amount"], value["fee"], value["ts"])


def _bill(record: RawRecord, value: Value) -> Entry:
    kind = value["businessType"].strip().lower().replace("_", " ")
    return _entry(record, value, kind, value["size"], value["fees"], value["cTime"])


def read_history(pairs: list[Pair]) -> Iterator[Said]:
    """All records of an account."""
    lists = by_stream(pairs)
    tax, unlike = entries_of(lists[TAX], _tax_line)
    newest = max((record.position for record, _ in lists[TAX]), default=-1)
    later = [(record, value) for record, value in lists[BILLS] if record.position > newest]
    bills, unlike_too = entries_of(later, _bill)
    yield from (*unlike, *unlike_too)
    lines = Entries([*tax, *bills])
    yield from each(lists[DEPOSITS], lambda r, v: _deposit(lines, r, v))
    yield from each(lists[WITHDRAWALS], lambda r, v: _withdrawal(lines, r, v))
    yield from each(lists[CONVERTS], lambda r, v: _convert(lines, r, v))
    yield from each(lists[SMALL], lambda r, v: _small(lines, r, v))
    yield from each(lists[SAVINGS], lambda r, v: _interest(lines, r, v))
    yield from _swaps(lines.take_all(_BOUGHT | _SOLD), "trade")
    yield from _swaps(lines.take_all(_SWAPS), "convert")
    for entry in lines.left():
        yield from _alone(entry)


# ---- lists that know more ---------------------------------------------------------------------


def _deposit(lines: Entries, record: RawRecord, value: Value) -> Iterator[Said]:
    if value["status"] != "success":
        return
    at = milliseconds(value["cTime"])
    received = amount(value["size"], _asset(value["coin"], record, at))
    if received is not None:
        lines.take(received.asset, received.quantity, at, _CAME, 3 * DAY)
        words = f"deposit {value.get('chain') or ''}".strip()
        yield transaction(record, at, received=received, description=words, txhash=_hash(value))


def _withdrawal(lines: Entries, record: RawRecord, value: Value) -> Iterator[Said]:
    """The ledger says whether the fee was inside what was withdrawn or came on top; without it: inside."""
    if value["status"] != "success":
        return
    at = milliseconds(value["cTime"])
    asset, size, cost = _asset(value["coin"], record, at), signed(value["size"]), abs(signed(value.get("fee") or "0"))
    if not ZERO <= cost < size:
        raise Unread("a withdrawal whose fee is not less than its amount")
    if lines.take(asset, -size - cost, at, _WENT, 3 * DAY):
        sent = size
    else:
        lines.take(asset, -size, at, _WENT, 3 * DAY)
        sent = size - cost
    words = f"withdrawal {value.get('chain') or ''}".strip()
    fee = Amount(cost, asset) if cost else None
    yield transaction(record, at, sent=Amount(sent, asset), fee=fee, description=words, txhash=_hash(value))


def _hash(value: Value) -> str:
    return str(value.get("tradeId") or "") if value.get("dest") == "on_chain" else ""


def _convert(lines: Entries, record: RawRecord, value: Value) -> Iterator[Said]:
    at = milliseconds(value["ts"])
    given = amount(value["fromCoinSize"], _asset(value["fromCoin"], record, at))
    got = amount(value["toCoinSize"], _asset(value["toCoin"], record, at))
    yield from _swapped(lines, record, at, given, got, None, "convert")


def _small(lines: Entries, record: RawRecord, value: Value) -> Iterator[Said]:
    """A small balance for BGB; what came is before the fee."""
    if str(value["status"]).lower() != "success":
        return
    at = milliseconds(value["ctime"])
    given = amount(value["fromAmount"], _asset(value["fromCoin"], record, at))
    got = amount(value["toAmount"], _asset(value["toCoin"], record, at))
    fees = [amount(each["fee"], _asset(each["feeCoin"], record, at)) for each in value.get("feeDetail") or ()]
    if len([fee for fee in fees if fee]) > 1:
        raise Unread("a conversion with several fees")
    fee = next((fee for fee in fees if fee), None)
    yield from _swapped(lines, record, at, given, got, fee, "small balance converted")


def _swapped(
    lines: Entries,
    record: RawRecord,
    at: datetime,
    given: Amount | None,
    got: Amount | None,
    fee: Amount | None,
    words: str,
) -> Iterator[Said]:
    if given is None or got is None:
        raise Unread("a conversion without an amount")
    lines.take(given.asset, -given.quantity, at, _SWAP, HOUR)
    came = got.quantity - (fee.quantity if fee and fee.asset == got.asset else ZERO)
    if not lines.take(got.asset, came, at, _SWAP, HOUR) and lines.take(got.asset, got.quantity, at, _SWAP, HOUR):
        fee = None  # the ledger says that it was taken before
    yield transaction(record, at, sent=given, received=got, fee=fee, description=words)


def _interest(lines: Entries, record: RawRecord, value: Value) -> Iterator[Said]:
    if value["orderType"] == "pay_interest":
        at = milliseconds(value["ts"])
        coin = value.get("settleCoinName") or value["coinName"]
        earned = amount(value["amount"], _asset(coin, record, at))
        if earned is not None:
            lines.take(earned.asset, earned.quantity, at, _PAID, DAY)
            yield transaction(record, at, received=earned, label=Label.INTEREST, description="savings")
    elif value["orderType"] not in ("subscribe", "redeem"):
        raise Unread(f"orders of savings of type {value['orderType']} are not supported yet")


# ---- lines alone ------------------------------------------------------------------------------


def _swaps(entries: list[Entry], words: str) -> Iterator[Said]:
    """Those of one order, fill by fill where they come in pairs; without an order, those of one instant."""

    def of(entry: Entry) -> str:
        return str(entry.value.get("bizOrderId") or "")

    for order, same in groupby(sorted(entries, key=of), key=of):
        lines = sorted(same, key=lambda entry: (entry.at, entry.record.position, entry.record.source_id))
        for bunch in [lines] if order else bunches(lines, HOUR * 0):
            for part in pairs_of(bunch):
                yield from conversion(part, words)


def _alone(entry: Entry) -> Iterator[Said]:
    kind = entry.kind
    if kind in _INTERNAL or not entry.change:
        return
    if kind in _IN | _OUT | _TRANSFERS:
        yield from _moved(entry)
    elif kind in _COSTS and entry.change < ZERO:
        yield one_sided(entry, Label.COST, kind)
    elif kind in _LABELS and entry.change > ZERO:
        yield one_sided(entry, _LABELS[kind], kind)
    else:
        what, of = ("bots and copied trades are", BOTS) if kind in _ELSEWHERE else (f"'{kind}' is", "")
        yield unread(entry.record, Unread(f"{what} not supported yet ({entry.asset})", of))


def _moved(entry: Entry) -> Iterator[Said]:
    """A deposit or withdrawal that only the ledger tells, with its fee."""
    fee = Amount(entry.fee, entry.asset) if entry.fee else None
    moved = Amount(abs(entry.gross), entry.asset)
    sent, received = (None, moved) if entry.gross > ZERO else (moved, None)
    yield transaction(entry.record, entry.at, sent=sent, received=received, fee=fee, description=entry.kind)


# ---- balances ---------------------------------------------------------------------------------


def read_balances(record: RawRecord, value: Value) -> Iterator[tuple[str, Decimal]]:
    """What is held in one wallet: spot (the main one), funding or Earn."""
    at = milliseconds(record.position // 10**4)
    for row in value["data"]:
        parts = [row[name] for name in ("available", "frozen", "locked", "amount") if row.get(name)]
        yield _asset(row["coin"], record, at), sum((signed(part) for part in parts), ZERO)


read_records = parser(
    {},
    balances=read_balances,
    together={" ".join((TAX, BILLS, DEPOSITS, WITHDRAWALS, CONVERTS, SMALL, SAVINGS)): read_history},
)
