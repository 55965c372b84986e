"""The least that any program of this kind has to do, with ordinary libraries and no care at all: what `benchmark.py`
measures taxsync against.

    python tests/floor.py big.csv FOLDER [--no-xlsx]

Reads the universal file, keeps every row in SQLite through SQLAlchemy, reads them back in order, matches lots first
in, first out on Decimals, and writes 2025's disposals, form lines, transactions and prices as CSV and (unless told not
to) as a write-only workbook, with as many rows and columns as taxsync writes. It checks nothing, knows no zone, fee,
transfer, currency or mistake, and can't be trusted with a tax return.
"""

import csv
import sys
from collections import defaultdict, deque
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, create_engine, select

YEAR, FIAT = "2025", "USD"
TABLES = {"disposals": 13, "form_8949": 10, "transactions": 14, "prices": 8}  # columns that taxsync writes


ROW = Table(
    "row", MetaData(),
    *(Column(name, String) for name in "at account sent sent_in received received_in fee fee_in id".split()),
)  # fmt: skip


def keep(source: Path, ledger: Connection) -> None:
    names = [column.name for column in ROW.columns]
    with source.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        kept = [dict(zip(names, row, strict=True)) for row in rows]
    for row in kept:
        datetime.fromisoformat(row["at"]).astimezone(UTC)
    ledger.execute(ROW.insert(), kept)
    ledger.commit()


def tables(ledger: Connection) -> dict[str, list[list[object]]]:
    lots: defaultdict[tuple[str, str], deque[list[object]]] = defaultdict(deque)
    found: dict[str, list[list[object]]] = {name: [] for name in TABLES}
    for row in ledger.execute(select(ROW).order_by(ROW.c.at)):
        at, account, sent, sent_in, received, received_in, fee, _, id = row
        if at.startswith(YEAR):
            found["transactions"].append(list(row))
            found["prices"] += [list(row), list(row)]
        if sent_in == FIAT:
            cost = Decimal(sent) + Decimal(fee)
            lots[account, received_in].append([at, Decimal(received), cost / Decimal(received)])
            continue
        left, basis, queue, acquired = Decimal(sent), Decimal(0), lots[account, sent_in], ""
        while left and queue:
            lot = queue[0]
            acquired, held, each = lot
            taken = min(left, held)
            basis += taken * each
            left, lot[1] = left - taken, held - taken
            if not lot[1]:
                queue.popleft()
        if at.startswith(YEAR):
            proceeds = (Decimal(received) - Decimal(fee)).quantize(Decimal("0.01"))
            basis = basis.quantize(Decimal("0.01"))
            line = [id, account, sent_in, Decimal(sent), acquired, at, proceeds, basis, proceeds - basis]
            found["disposals"].append(line)
            found["form_8949"].append(line)
    return found


def padded(rows: Iterable[list[object]], width: int) -> Iterable[list[object]]:
    return (row[:width] + ["-"] * (width - len(row)) for row in rows)


def main(source: Path, folder: Path, xlsx: bool) -> None:
    folder.mkdir()
    with create_engine(f"sqlite:///{folder / 'ledger.db'}").connect() as ledger:
        ROW.create(ledger)
        keep(source, ledger)
        found = tables(ledger)
    for name, width in TABLES.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(padded(found[name], width))
    if xlsx:
        from openpyxl import Workbook

        book = Workbook(write_only=True)
        for name, width in TABLES.items():
            sheet = book.create_sheet(name)
            for row in padded(found[name], width):
                sheet.append(row)
        book.save(folder / "year.xlsx")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), "--no-xlsx" not in sys.argv)
