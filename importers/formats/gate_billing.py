"""Gate's "Billing Details" of the spot account: one row per change of a balance.

Rows with one `action_data` belong together: an order's locked coins, what it was filled with, its fee and what came
back when it was cancelled; the sides of a conversion or of a sweep of dust. An order is a trade at its first fill; one
that was filled on several days is not taken apart. What moves to Gate's own places where the coins stay the person's
(Earn, lending) is no transaction; what moves to margin, futures, options or bots is a transfer. Points are prepaid
fees, no asset. Times are of the zone that the website was set to: the person's own, where the file's name tells none.

Sources: header and rows as several public readers have them (BittyTax, magicbeans, daybook; 2023 to 2026), "Order
Fullfilled" among their words; what the other words mean is in gate.com/docs/developers/apiv4, "AccountBook type" and
"AccountBook code" (2026-11), by which `importers.parsers.gate` reads the same lines of the API.
"""

from collections.abc import Iterable, Iterator

from importers.base import shown
from importers.exports import LOCAL, Row, Said, export, grouped
from importers.layout import Cells
from importers.parsers.build import LOANS, MARGIN, Unread
from importers.parsers.claims import Entry, conversion
from importers.parsers.moved import moved
from pipeline.model import Label
from pipeline.money import ZERO

_FILLS = frozenset(("order filled", "order fullfilled", "order fulfilled"))
_FEES = frozenset(("trading fees", "trade fee", "dust swap-fees deducted"))
_ORDERS = frozenset((
    *_FILLS, "trading fees", "trade fee", "order placed", "order cancelled", "order canceled", "order rejected",
    "order placed frozen", "order cancelled unfrozen", "call auction- locked", "call auction- unlocked",
))  # fmt: skip
_SWAPS = frozenset((
    "dust swap-small balances deducted", "dust swap-gt added", "dust swap-fees deducted", "quick buy-bought",
    "quick sell-sold", "small balance convert - usdt added", "convert small balance - usdt added",
))  # fmt: skip
_MOVES = frozenset((
    "deposits", "deposit", "withdrawals", "withdraw", "withdrawal", "gatecode withdrawals", "gatecode deposits",
    "push sent", "push received", "subaccount transfer",
))  # fmt: skip
_AWAY = (
    "isolated margin", "spot settlement", "portfoliomargin", "portfolio margin account transfer", "perps-",
    "perpetual multi-currency", "delivery-", "auto-invest-", "easy options-", "options-", "quant- transferred",
    "bots - transfer", "futures copy trading - funds",
)  # fmt: skip
_INTERNAL = frozenset((
    "lending-transferred in", "lending-transferred out", "lending-lent", "collected", "redeem", "lend",
    "payment account- transferred in", "payment account- transferred out", "staking-locked", "staking-unlocked",
    "subscription - fixed-term", "redemption - fixed-term",
))  # fmt: skip
_RECEIPTS = {
    **dict.fromkeys(
        (
            "referral superior rebate", "affiliate indirect superior rebate income", "api broker rebate income",
            "exchange broker rebate income", "referral rebate income", "affiliate direct superior rebate income",
            "affiliate user rebate income", "partner indirect superior rebate income",
            "partner direct superior rebate income", "partner user rebate income", "web3 rebate income",
            "deposit bonus", "trading rewards", "purchase bonus", "award", "feedback rewards",
        ),
        Label.INCOME,
    ),
    **dict.fromkeys(
        (
            "hodl interest", "hodl interest distribution", "interest income", "interest - fixed-term",
            "structured products staking interest income",
        ),
        Label.INTEREST,
    ),
    **dict.fromkeys(
        ("slot auction staking interest income", "staking interest income", "mining rewards"), Label.REWARD
    ),
    "airdrop": Label.AIRDROP,
    "ifo claimed": Label.FORK,
}  # fmt: skip
_BACK = frozenset(("airdrop",))  # a balance that is taken away again
_COSTS = frozenset(("points purchase", "buy points", "lending-fees deducted"))


def passed(row: Cells) -> str:
    if row.get("type", "").strip() == "POINT":
        return "points"
    return "internal" if row.get("action_desc", "").strip().casefold() in _INTERNAL else ""


def read(rows: list[Row]) -> Iterable[Said]:
    yield from grouped(rows, lambda row: row["action_data"] or row.record.source_id, _happening)


def _happening(rows: list[Row]) -> Iterator[Said]:
    words = {row["action_desc"].casefold() for row in rows}
    if words <= _ORDERS:
        if len({row.at.date() for row in rows if row["action_desc"].casefold() in _FILLS}) > 1:
            raise Unread("it was filled on several days, and which part of it when is not told")
        yield from _traded(rows, f"order {rows[0]['action_data']}".strip())
    elif words <= _SWAPS:
        yield from _traded(rows, "convert")
    elif words & (_ORDERS | _SWAPS):
        raise Unread("it is of an order and of something else")
    else:
        for row in rows:
            yield _alone(row)


def _traded(rows: list[Row], words: str) -> Iterator[Said]:
    """One coin got for one or several; what was locked and came back is nothing."""
    entries = list[Entry]()
    for row in sorted(rows, key=lambda row: (row.at, row.record.position)):
        change = row.number("change_amount")
        fee = -change if row["action_desc"].casefold() in _FEES else ZERO
        entries.append(Entry(row.record, words, row.asset(row["type"]), change, row.at, fee))
    sums = {entry.asset: ZERO for entry in entries}
    for entry in entries:
        sums[entry.asset] += entry.gross
    given, got = [a for a in sums if sums[a] < ZERO], [a for a in sums if sums[a] > ZERO]
    if not given and not got and not any(entry.fee for entry in entries):
        return  # locked, and back again
    if not given or len(got) != 1:
        raise Unread("the other side of it is missing" if not given or not got else "several coins were got in one")
    yield from conversion(entries, words)


def _alone(row: Row) -> Said:
    kind, change = row["action_desc"].casefold(), row.number("change_amount")
    words = shown(row["action_desc"])
    if kind in _MOVES or kind.startswith(_AWAY) or (kind in _COSTS and change < ZERO):
        return moved(row, change, row["type"], Label.COST if kind in _COSTS else None, description=words)
    if kind in _RECEIPTS and (change > ZERO or kind in _BACK):
        return moved(row, change, row["type"], _RECEIPTS[kind], description=words)
    about = LOANS if "loan" in kind or kind in ("borrow", "repay") else MARGIN if "liquidat" in kind else ""
    raise Unread(f"what '{words}' of {row['change_amount']} {shown(row['type'])} means is not known", about)


FORMAT = export(
    "gate_billing",
    2,
    needs=("no", "time", "action_desc", "action_data", "type", "change_amount", "amount", "total"),
    date="time",
    zone=LOCAL,
    exchange="gate",
    together=read,
    changing=("no", "amount", "total"),
    passed=passed,
)
