"""Bitfinex' export "Ledgers": one row per change of one wallet, in words that say why.

Read as the entries of the API are, which have the same numbers and words (`importers.parsers.bitfinex`); its dates are
`importers.parsers.bitfinex_files`. Export all wallets. Columns as converters have them (2018 to 2025).
"""

from collections.abc import Iterable

from msgspec.structs import replace

from importers import exact
from importers.exports import Row, Said, export
from importers.parsers import bitfinex
from importers.parsers.bitfinex_files import UNDATED, dated
from importers.parsers.build import MALFORMED, Unread, finest
from importers.sync import FINEST
from pipeline.model import RawRecord, transaction_id
from pipeline.money import plain


def read(rows: list[Row]) -> Iterable[Said]:
    instants = dated(rows)
    entries, by_number, by_ref = list[RawRecord](), dict[str, Row](), dict[str, Row]()
    for row in rows:
        number = row["#"]
        try:
            if number not in instants:
                raise Unread(UNDATED)
            if not number.isdecimal() or not row["DESCRIPTION"]:
                raise Unread("it has no number, or no words that say what it is")
            seconds = finest(instants[number])
            value = [int(number), row["CURRENCY"].upper(), row["WALLET"] or None, int(seconds * 1000), None,
                     plain(row.number("AMOUNT")), "", None, row["DESCRIPTION"]]  # fmt: skip
        except MALFORMED as why:
            yield row.unread(why)
            continue
        record = replace(row.record, stream=bitfinex.LEDGERS, source_id=number, position=int(seconds * FINEST),
                         payload=exact.dumps(value))  # fmt: skip
        entries.append(record)
        by_number[number] = by_ref[transaction_id(record.account, record.stream, number)] = row
    found = bitfinex.read_records(entries)
    for t in found.transactions:
        record = by_number[t.source_id.partition("/")[0]].record
        yield replace(t, id=transaction_id(record.account, record.stream, t.source_id), source=record.source)
    for issue in found.issues:
        row_of = by_ref.get(issue.ref)
        told = issue.code == "unread_record" and row_of is not None
        yield (
            row_of.unread(Unread(_why(issue.details["why"]), issue.details.get("kind", "")))
            if told and row_of
            else issue
        )


def _why(text: str) -> str:
    """Without the place, which stands before it anyway."""
    return text.partition(": ")[2]


FORMAT = export(
    "bitfinex_ledgers",
    1,
    needs=("#", "DESCRIPTION", "CURRENCY", "AMOUNT", "BALANCE", "DATE", "WALLET"),
    date="DATE",
    exchange="bitfinex",
    together=read,
    id=("#",),
    changing=("BALANCE", "DATE"),
    newest_first=True,
)
