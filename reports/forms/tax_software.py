"""Form 8949 for tax programs: a TXF file, and the CSV that TurboTax takes, split at its limit of rows.

TXF: Tax Exchange Format, version 042 of 30 November 2011 (Intuit; read in a copy): record format 4, one for each row,
cost before sales, dates MM/DD/YYYY, what is not known left empty. It is older than the digital-asset boxes G to L:
its "copies" A, B, C are the boxes of 2011, so the boxes have to be looked at after the import.

TurboTax: its header is told by several public tools alike, the limit of 4,000 rows by one; Intuit's own page could not
be read.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from reports.csv_file import inert
from reports.table import Report, Table, Value, printable

TXF, TURBOTAX = "form_8949.txf", "form_8949_turbotax"
NAMES = r"form_8949\.txf|form_8949_turbotax(_\d+)?\.csv"
LIMIT = 4000  # rows of one file

# Box -> the number of the sale's category: "ST/LT gain/loss 8949 Copy A, B, C".
_COPY_A, _COPY_B, _COPY_C = {"I": 321, "II": 323}, {"I": 711, "II": 713}, {"I": 712, "II": 714}
_REFERENCES = {
    **dict.fromkeys("ADGJ", _COPY_A),
    **dict.fromkeys("BEHK", _COPY_B),
    **dict.fromkeys("CFIL", _COPY_C),
}

_HEADER = ("Currency Name", "Purchase Date", "Cost Basis", "Date Sold", "Proceeds")


def for_tax_software(report: Report, table: Table) -> Mapping[str, bytes]:
    """The rows of Form 8949 as files for other programs; only their heads where there is no row."""
    rows = [dict(zip((c.name for c in table.columns), row, strict=True)) for row in table.rows]
    found = {TXF: _txf(report, rows)}
    for number, start in enumerate(range(0, max(1, len(rows)), LIMIT), 1):
        name = f"{TURBOTAX}.csv" if number == 1 else f"{TURBOTAX}_{number}.csv"
        found[name] = _turbotax(rows[start : start + LIMIT])
    return found


def _txf(report: Report, rows: Sequence[Mapping[str, Value]]) -> bytes:
    """ASCII, a field a line; made on the last day of the tax year, so that the same inputs give the same bytes."""
    made = f"{report.period.last:%m/%d/%Y}"
    fields = ["V042", f"Ataxsync {report.version}", f"D {made}", "^"]
    for row in rows:
        fields += _record(row)
    return "".join(f"{field}\r\n" for field in fields).encode("ascii", "replace")


def _record(row: Mapping[str, Value]) -> Iterator[str]:
    yield "TD"
    yield f"N{_REFERENCES[str(row['box'])][str(row['part'])]}"
    yield "C1"
    yield "L1"
    yield f"P{_one_line(row['description'])}"
    yield f"D{_day(row['date_acquired'])}"
    yield f"D{row['date_sold']}"
    yield f"${_amount(row['cost_basis'])}"
    yield f"${_amount(row['proceeds'])}"
    yield "^"


def _turbotax(rows: Sequence[Mapping[str, Value]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_HEADER)
    for row in rows:
        what, acquired = inert(_one_line(row["description"])), _day(row["date_acquired"])
        writer.writerow((what, acquired, _amount(row["cost_basis"]), row["date_sold"], _amount(row["proceeds"])))
    return text.getvalue().encode()


def _one_line(value: Value) -> str:
    return " ".join(printable(str(value)).split())


def _day(value: Value) -> str:
    """The day, empty where it is not known or is that of several purchases: neither format has a word for it."""
    return "" if value == "VARIOUS" else str(value)


def _amount(value: Value) -> str:
    assert isinstance(value, Decimal)
    return format(value, "f")
