"""Exodus's export of all transactions: "DATE,TYPE,FROMPORTFOLIO,TOPORTFOLIO,OUTAMOUNT,OUTCURRENCY,FEEAMOUNT,...".

What leaves is negative, the fee is on top. A swap is a row "exchange", or a withdrawal and a deposit of one hash. A
stake costs its fee alone; what comes back from one is a deposit from the portfolio to itself, of which it is not told
how much is reward: an open problem. Times are UTC, ISO or as JavaScript prints them.

Source: headers of 2020 to 2025 as BittyTax and others have them, staking rows as a public reader has them (2026-11).
"""

from collections.abc import Iterable, Iterator

from importers.exports import JAVASCRIPT, Row, Said, export, grouped
from importers.parsers.build import Unread
from importers.parsers.exodus import code_of
from importers.parsers.sides import chain_hash
from pipeline.model import Amount


def read(rows: list[Row]) -> Iterable[Said]:
    return grouped(rows, _hash_or_row, _happening)


def _hash(row: Row) -> str:
    return row["OUTTXID"] or row["INTXID"]


def _hash_or_row(row: Row) -> object:
    moves = row["TYPE"] in ("deposit", "withdrawal")
    return _hash(row) if moves and _hash(row) else row.record.source_id


def _happening(group: list[Row]) -> Iterator[Said]:
    given = [row for row in group if row["TYPE"] == "withdrawal" and row.number("OUTAMOUNT")]
    got = [row for row in group if row["TYPE"] == "deposit" and row.number("INAMOUNT")]
    if len(group) == 2 and len(given) == len(got) == 1 and _out(given[0]) != _in(got[0]):
        if _fee(given[0]) is not None and _fee(got[0]) is not None:
            raise Unread("both rows of the swap have a fee")
        yield given[0].transaction(
            sent=_out(given[0]), received=_in(got[0]), fee=_fee(given[0]) or _fee(got[0]), description="swap",
            txhash=chain_hash(_hash(given[0])),
        )  # fmt: skip
        return
    for row in group:
        yield _single(row)


def _single(row: Row) -> Said:
    kind, sent, received = row["TYPE"], _out(row), _in(row)
    if kind == "deposit" and row["FROMPORTFOLIO"]:
        raise Unread("it comes back from the portfolio itself, a stake perhaps; how much of it is reward is not told")
    known = {
        "deposit": sent is None,
        "withdrawal": received is None,
        "exchange": sent is not None and received is not None,
        "staked": sent is None and received is None,
        "unstaked": sent is None and received is None,
    }.get(kind)
    if not known:
        raise Unread(f"what the type '{kind}' means is not known" if known is None else f"a {kind} of such amounts")
    return row.transaction(
        sent=sent, received=received, fee=_fee(row), description=row["PERSONALNOTE"] or kind,
        txhash=chain_hash(_hash(row)) if kind != "exchange" else "",
    )  # fmt: skip


def _out(row: Row) -> Amount | None:
    return row.size("OUTAMOUNT", code_of(row["OUTCURRENCY"]))


def _in(row: Row) -> Amount | None:
    return row.amount("INAMOUNT", code_of(row["INCURRENCY"]))


def _fee(row: Row) -> Amount | None:
    return row.size("FEEAMOUNT", code_of(row["FEECURRENCY"]))


FORMAT = export(
    "exodus",
    1,
    needs=("DATE", "TYPE", "FROMPORTFOLIO", "TOPORTFOLIO", "OUTAMOUNT", "OUTCURRENCY", "FEEAMOUNT", "FEECURRENCY",
           "OUTTXID", "INAMOUNT", "INCURRENCY", "INTXID"),
    may_have=("FROMADDRESS", "TOADDRESS", "OUTTXURL", "INTXURL", "ORDERID", "PERSONALNOTE"),
    date="DATE",
    times=(JAVASCRIPT,),
    together=read,
    changing=("DATE", "OUTTXURL", "INTXURL", "PERSONALNOTE", "FROMADDRESS", "TOADDRESS"),
)  # fmt: skip
