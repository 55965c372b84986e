"""Kraken's export "Ledgers": one row per balance changed, the rows of one happening share a refid.

Read as the entries of the API are, which have the same ids and fields (`importers.parsers.kraken`). A deposit or
withdrawal under way is a row without txid, which comes again with one. Times are UTC.

Source: support.kraken.com, "How to interpret Ledger history fields"; exports of 2017 to 2025 as people show them: with
`subtype` and `wallet` or without, `subclass` and `amountusd` since 2025, `feecurrency` since 2026: what that may say
but the asset of the row is not known.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from importers import exact
from importers.exports import Row, Said, export
from importers.layout import Cells
from importers.parsers import kraken
from importers.parsers.build import MALFORMED, Unread, finest
from importers.sync import FINEST
from pipeline.model import RawRecord, transaction_id


def read(rows: list[Row]) -> Iterable[Said]:
    """The entries of each refid, together."""
    entries, by_refid = list[RawRecord](), dict[str, Row]()
    for row in rows:
        try:
            value = {name: row[name] for name in ("refid", "type", "subtype", "asset")}
            value |= {name: row[name] or "0" for name in ("amount", "fee")}
            if row["feecurrency"] and row.number("fee") and row.asset(row["feecurrency"]) != row.asset(row["asset"]):
                raise Unread(f"its fee is in {row['feecurrency']}")
            position = int(finest(row.at) * FINEST)
        except MALFORMED as why:
            yield row.unread(why)
        else:
            by_refid.setdefault(value["refid"] or row["txid"], row)
            entries.append(
                replace(row.record, stream=kraken.LEDGERS, source_id=row["txid"], position=position,
                        payload=exact.dumps(value))
            )  # fmt: skip
    found = kraken.read_records(entries)
    for t in found.transactions:
        row = by_refid[t.source_id.partition("#")[0]]
        record = row.record
        yield replace(t, id=transaction_id(record.account, record.stream, t.source_id), source=record.source)
    for issue in found.issues:
        yield by_refid[issue.ref].unread(issue.details["why"]) if issue.code == "unread_record" else issue


def passed(row: Cells) -> str:
    """A movement under way: it comes again with its txid."""
    return "" if row.get("txid") else "pending"


FORMAT = export(
    "kraken_ledgers",
    1,
    needs=("txid", "refid", "time", "type", "aclass", "asset", "amount", "fee", "balance"),
    may_have=("subtype", "wallet", "subclass", "amountusd", "feeusd", "balanceusd", "feecurrency"),
    date="time",
    exchange="kraken",
    together=read,
    id=("txid",),
    changing=("balance", "amountusd", "feeusd", "balanceusd"),
    passed=passed,
)
