"""Bitget's export of spot transactions: one row per change of a balance, newest first; between semicolons until 2024.

A trade or a conversion is two rows of one second. The fee is beside the amount, in the same coin. The list of fills
tells the same trades; where an account has both, each counts once. Moves to Earn, to the other wallets and back are no
transactions. Times are of the zone that the website was set to: the person's own, where the file's name tells none.

Sources: header, rows and the zone as four public readers of the file have them, three of them beside real exports
(2024 to 2026); words also as `importers.parsers.bitget` has them. That the fee is not in the amount: one of them
checked a withdrawal's. "Gains" and "Consumption" are read in two ways by others, and not read here.
"""

from collections.abc import Iterable, Iterator

from importers.base import shown
from importers.exports import LOCAL, Row, Said, export
from importers.layout import Cells
from importers.parsers.build import MALFORMED, MARGIN, Unread
from importers.parsers.swapped import Change, moments, swapped
from pipeline.model import Label
from pipeline.money import ZERO

_TRADES = frozenset(("buy", "sell"))
_SWAPS = frozenset(("exchange income", "exchange spending", "fiat"))
_INTERNAL = frozenset(("transfer in", "transfer out", "redemption"))
_ALONE: dict[str, Label | None] = {
    **dict.fromkeys(("deposit", "ordinary deposit", "ordinary withdrawal", "withdrawal"), None),
    "interest": Label.INTEREST,
    **dict.fromkeys(("airdrop rewards", "airdrop reward-a", "airdrop reward-b"), Label.AIRDROP),
    "trading fee rebate": Label.CASHBACK,
}


def passed(row: Cells) -> str:
    """Into Earn, which is called "Financial" as other things are, goes what the balance loses."""
    kind, lost = row.get("Type", "").strip().casefold(), row.get("Amount", "").strip().startswith("-")
    return "internal" if kind in _INTERNAL or (kind == "financial" and lost) else ""


def read(rows: list[Row]) -> Iterable[Said]:
    groups: dict[bool, list[Row]] = {True: [], False: []}
    for row in rows:
        try:
            _, _, kind = _change(row), row.at, row["Type"].casefold()
            if kind in _TRADES or kind in _SWAPS:
                groups[kind in _TRADES].append(row)
            else:
                yield _alone(row, kind)
        except MALFORMED as why:
            yield row.unread(why)
    for trades, found in groups.items():
        for moment in moments(found, _whole):
            try:
                yield from list(_happening(moment, "trade" if trades else "convert"))
            except MALFORMED as why:
                yield from (row.unread(why) for row in moment)


def _change(row: Row) -> Change:
    """What its balance changed by, and the fee of it."""
    fee = abs(row.number("Fee"))
    return row, row.asset(row["Coin"]), row.number("Amount") - fee, fee


def _whole(rows: list[Row]) -> bool:
    return len({row.number("Amount") > ZERO for row in rows}) == 2


def _happening(rows: list[Row], words: str) -> Iterator[Said]:
    changes = [_change(row) for row in rows]
    given = {asset for _, asset, change, fee in changes if change + fee < ZERO}
    got = {asset for _, asset, change, fee in changes if change + fee > ZERO}
    if len(given) != 1 or len(got) != 1:
        raise Unread("which rows of its second belong together can't be told")
    yield from swapped(changes, words)


def _alone(row: Row, kind: str) -> Said:
    quantity, fee, words = row.number("Amount"), row.size("Fee", row["Coin"]), shown(row["Type"])
    if kind == "transaction fee deduct" and not quantity:
        return row.transaction(fee=fee, description=words)
    if kind not in _ALONE or (_ALONE[kind] is not None and quantity < ZERO):
        about = MARGIN if "position" in kind or "futures" in kind or "margin" in kind else ""
        raise Unread(f"what the type '{words}' of {row['Amount']} {shown(row['Coin'])} means is not known", about)
    moved = row.size("Amount", row["Coin"])
    sent, received = (moved, None) if quantity < ZERO else (None, moved)
    return row.transaction(sent=sent, received=received, fee=fee, label=_ALONE[kind], description=words)


FORMAT = export(
    "bitget_transactions",
    2,
    needs=("order", "Date", "Coin", "Type", "Amount", "Fee", "Available"),
    date="Date",
    zone=LOCAL,
    exchange="bitget",
    together=read,
    changing=("Available",),
    passed=passed,
    newest_first=True,
)
