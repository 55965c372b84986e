"""KuCoin's "Account History" of the funding and the trading account: one row per balance changed, with its Type.

"UID,Account Type,Currency,Side,Amount,Fee,Time(UTC+08:00),Remark,Type". The amount is what the balance changed by, the
fee is a part of it (of what came: what is missing from it). Trades and conversions are rows of one second, or of the
next one. The lists of fills, deposits and withdrawals tell the same with more digits and hashes; where an account has
both, each counts once. Moves between the account's own wallets are no transactions.

Sources: headers, rows and words as public readers of the file have them (BittyTax, others; 2026-11); other words as
the API's ledger has them. From memory: what these are.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from importers.base import shown
from importers.exports import Row, Said, export
from importers.formats.kucoin_deposits import nothing
from importers.layout import Cells
from importers.parsers.build import MALFORMED, Unread
from importers.parsers.swapped import Change, moments, swapped
from pipeline.model import Label

_TRADES = frozenset(("spot", "fiat transactions"))
_SWAPS = frozenset(("convert", "convert dust to kcs", "convert to kcs", "instant exchange"))
_INTERNAL = frozenset(("transfer", "staking", "redemption", "earn subscription", "earn redemption"))
_ALONE: dict[str, Label | None] = {
    **dict.fromkeys(("deposit", "withdraw", "withdrawal", "fiat deposit", "fiat withdrawal"), None),
    **dict.fromkeys(
        ("staking profits", "soft staking profits", "voting earnings", "kcs bonus", "distribution"), Label.REWARD
    ),
    **dict.fromkeys(("earn profit", "earn interest", "interest", "lending interest"), Label.INTEREST),
    **dict.fromkeys(("airdrop", "airdrop/fork"), Label.AIRDROP),
    **dict.fromkeys(("kucoin bonus", "referral bonus", "rewards", "other rewards"), Label.INCOME),
    **dict.fromkeys(("fee rebate", "rebate", "refunded fees"), Label.CASHBACK),
}


def passed(row: Cells) -> str:
    return nothing(row) or ("internal" if row.get("Type", "").casefold() in _INTERNAL else "")


def read(rows: list[Row]) -> Iterable[Said]:
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        try:
            _, _, kind = _change(row), row.at, row["Type"].casefold()
            if kind in _TRADES | _SWAPS:
                groups[row["Account Type"], kind].append(row)
            else:
                yield _alone(row)
        except MALFORMED as why:
            yield row.unread(why)
    for (_, kind), found in groups.items():
        for moment in moments(found, _whole):
            try:
                yield from list(_happening(moment, kind))
            except MALFORMED as why:
                yield from (row.unread(why) for row in moment)


def _change(row: Row) -> Change:
    """What its balance changed by, and the fee of it."""
    side, amount, fee = row["Side"].casefold(), row.number("Amount"), row.number("Fee")
    if side not in ("deposit", "withdrawal") or amount < 0 or fee < 0 or (side == "withdrawal" and fee > amount):
        raise Unread(f"side '{shown(row['Side'])}' with {shown(row['Amount'])} and a fee of {shown(row['Fee'])}")
    return row, row.asset(row["Currency"]), amount if side == "deposit" else -amount, fee


def _whole(rows: list[Row]) -> bool:
    return len({row["Side"].casefold() for row in rows}) == 2


def _happening(rows: list[Row], kind: str) -> Iterator[Said]:
    """A trade is of two coins; small balances may be several, made one."""
    changes = [_change(row) for row in rows]
    given = {asset for _, asset, change, _ in changes if change < 0}
    got = {asset for _, asset, change, _ in changes if change > 0}
    if kind in _TRADES and (len(given) != 1 or len(got) != 1):
        raise Unread("its second has other rows, and which belong together can't be told")
    yield from swapped(changes, rows[0]["Type"])


def _alone(row: Row) -> Said:
    _, asset, change, fee = _change(row)
    kind = row["Type"].casefold()
    if kind not in _ALONE:
        raise Unread(f"what the type '{shown(row['Type'])}' means is not known")
    label = _ALONE[kind]
    if change < 0 and label is not None:
        label = Label.COST
    words, moved = f"{row['Type']} {row['Remark']}".strip(), row.of(abs(change) + (fee if change > 0 else -fee), asset)
    if moved is None:
        raise Unread("it moves nothing")
    return row.transaction(
        sent=moved if change < 0 else None,
        received=moved if change > 0 else None,
        fee=row.of(Decimal(fee), asset),
        label=label,
        description=words,
    )


FORMAT = export(
    "kucoin_account",
    1,
    needs=("UID", "Account Type", "Currency", "Side", "Amount", "Fee", "Time(UTC*)", "Remark", "Type"),
    date="Time(UTC*)",
    exchange="kucoin",
    together=read,
    changing=("UID", "Remark"),
    passed=passed,
    newest_first=True,
)
