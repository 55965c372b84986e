"""CoinLedger's export of all transactions: a row per balance changed, those of one happening share an Internal Id.

Amounts have their sign; fees are rows of their own. Each row is of the account that it names. Times are UTC.

Source: header, types and record types as rotki's reader and its sample have them (2026-11).
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from importers.exports import TOOL, Row, Said, export, grouped
from importers.layout import Cells
from importers.parsers.build import Unread
from importers.parsers.coinledger import WORDS
from importers.parsers.sides import chain_hash
from pipeline.money import ZERO

_FEES = frozenset(("platform fee", "network fee"))
_SIDES = frozenset(("credit", "debit", "margin gain"))


def read(rows: list[Row]) -> Iterable[Said]:
    return grouped(rows, lambda row: row["Internal Id"] or row.record.source_id, _happening)


def _happening(group: list[Row]) -> Iterator[Said]:
    group.sort(key=lambda row: (row.record.position, row.record.source_id))
    kinds = {row["Type"] for row in group}
    if len(kinds) > 1:
        raise Unread("its rows are of several types")
    for row in group:
        if row["Record Type"].casefold() not in _FEES | _SIDES:
            raise Unread(f"what the record type '{row['Record Type']}' means is not known")
    sides = [row for row in group if row["Record Type"].casefold() in _SIDES]
    given, got = _sum(sides, -1), _sum(sides, 1)
    fees = _sum([row for row in group if row not in sides], -1)
    if any(row.number("Amount") > ZERO for row in group if row not in sides):
        raise Unread("its fee is not taken away")
    if max(len(given), len(got), len(fees)) > 1:
        raise Unread("it moves several assets one way")
    if not sides and next(iter(kinds)).casefold() not in WORDS.outlays:  # the fee of another row
        raise Unread("the other rows of its fee are missing")
    row = sides[0] if sides else group[0]
    sent, received, fee = (row.of(*next(iter(part.items()))[::-1]) if part else None for part in (given, got, fees))
    if sent is None and received is None:
        sent, fee = fee, None
    yield WORDS.told(
        row, row["Type"], sent=sent, received=received, fee=fee, description=row["Description"] or row["Type"],
        txhash=chain_hash(row["Blockchain Id"]),
    )  # fmt: skip


def _sum(rows: list[Row], sign: int) -> dict[str, Decimal]:
    """What went one way, by asset."""
    sums: dict[str, Decimal] = {}
    for row in rows:
        quantity = row.number("Amount") * sign
        if quantity > ZERO:
            sums[row["Asset"]] = sums.get(row["Asset"], ZERO) + quantity
    return sums


def accounts(row: Cells) -> tuple[str, ...]:
    return (row.get("Account Name", "") or row.get("Platform", ""),)


FORMAT = export(
    "coinledger",
    1,
    needs=("Timestamp (UTC)", "Type", "Internal Id", "Platform", "Account Name", "Platform Id", "Blockchain Id",
           "Record Type", "Asset", "Amount", "Description"),
    date="Timestamp (UTC)",
    together=read,
    changing=("Description",),
    labels=("Type",),
    accounts=accounts,
    rank=TOOL,
)  # fmt: skip
