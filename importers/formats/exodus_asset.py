"""Exodus's export of one asset: "TXID,TXURL,DATE,TYPE,FROMPORTFOLIO,TOPORTFOLIO,COINAMOUNT,FEE,BALANCE,EXCHANGE,...".

Amounts have their unit ("-0.5 BTC"); the fee is on top. A row whose EXCHANGE is filled is one side of a swap, whose
other side is in another file: an open problem, the export of all transactions has both.

Source: headers and types as BittyTax has them (2026-11). From memory: that the amount does not include the fee.
"""

from collections.abc import Iterator

from importers.exports import JAVASCRIPT, Row, Said, export
from importers.parsers.build import Unread
from importers.parsers.exodus import code_of
from importers.parsers.sides import chain_hash
from pipeline.money import ZERO


def read(row: Row) -> Iterator[Said]:
    kind = row["TYPE"]
    if row["EXCHANGE"]:
        raise Unread("it is one side of a swap; import the export of all transactions instead")
    (quantity, code), (fee, fee_code) = row.with_unit("COINAMOUNT"), row.with_unit("FEE")
    if kind not in ("deposit", "withdrawal"):
        raise Unread(f"what the type '{kind}' means is not known")
    if kind == "deposit" and quantity < ZERO:
        raise Unread("a deposit of less than nothing")
    side = row.of(abs(quantity), code_of(code))
    yield row.transaction(
        sent=side if kind == "withdrawal" else None,
        received=side if kind == "deposit" else None,
        fee=row.of(abs(fee), code_of(fee_code)) if kind == "withdrawal" and fee else None,
        txhash=chain_hash(row["TXID"]),
        description=row["PERSONALNOTE"] or kind,
    )


FORMAT = export(
    "exodus_asset",
    1,
    needs=("TXID", "DATE", "TYPE", "FROMPORTFOLIO", "TOPORTFOLIO", "COINAMOUNT", "FEE", "BALANCE", "EXCHANGE"),
    may_have=("TXURL", "PERSONALNOTE"),
    date="DATE",
    times=(JAVASCRIPT,),
    each=read,
    changing=("DATE", "TXURL", "BALANCE", "PERSONALNOTE"),
)
