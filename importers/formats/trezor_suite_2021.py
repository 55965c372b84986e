"""Trezor Suite's transactions of one account until 2021-11: "Date & Time;Type;Transaction ID;Addresses;Fee;Total".

One row per transaction, Total without the fee. The coin is told by the file's name alone ("export-btc-...csv"). Times
are the computer's, written as its language does: "31.1.2021, 13:02:03" and "1/31/2021, 1:02:03 PM" are read; what day
"31/1/2021" begins with is not told where the hour has no AM or PM, and is an open problem. What tokens did stands
among the addresses, which are not read.

Source: trezor/trezor-suite, exportTransactions.ts of 2021; which amounts have the fee: BittyTax (2026-11).
"""

from collections.abc import Iterator
from functools import partial

from importers.exports import LOCAL, Row, Said, export
from importers.parsers.build import Unread
from importers.parsers.trezor import COIN, coin


def read(row: Row) -> Iterator[Said]:
    kind, code = row["Type"], coin(row)
    if any(text in row["Date & Time"] for text in (" am", " pm")):  # of a language that may put the day first
        raise Unread("it does not tell whether the day or the month comes first")
    total, fee = row.amount("Total", code), row.amount("Fee", code)
    told = partial(row.transaction, txhash=row["Transaction ID"], description=kind)
    if kind == "RECV":
        yield told(received=total)
    elif kind == "SENT":
        yield told(sent=total, fee=fee)
    elif kind in ("SELF", "FAILED"):
        yield told(fee=fee)
    else:
        raise Unread(f"what the type '{kind}' means is not known")


FORMAT = export(
    "trezor_suite_2021",
    2,
    needs=("Date & Time", "Type", "Transaction ID", "Addresses", "Fee", "Total"),
    date="Date & Time",
    times=("%d.%m.%Y, %H:%M:%S", "%m/%d/%Y, %I:%M:%S %p"),
    zone=LOCAL,
    each=read,
    id=("Transaction ID",),
    changing=("Addresses",),
    newest_first=True,
    named=COIN,
)
