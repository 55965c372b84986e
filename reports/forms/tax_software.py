"""Form 8949 for tax programs: a TXF file, and the CSV that TurboTax takes, split at its limit of rows.

TXF: Tax Exchange Format, version 042 of 30 November 2011 (Intuit; read in a copy): record format 4, one for each row,
cost before sales, dates MM/DD/YYYY, what is not known left empty. It is older than the digital-asset boxes G to L:
its "copies" A, B, C are the boxes of 2011, so the boxes have to be looked at after the import.

Neither has a place for the adjustment of column (g): the cost is (e) - (g), so that the gain is that of column (h), and
proceeds are those that the IRS was told.

TurboTax: its header is told by several public tools alike, the limit of 4,000 rows by one; Intuit's own page could not
be read.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from operator import itemgetter

from msgspec import Struct

from pipeline.money import exact
from reports.csv_file import END, decimals, field
from reports.forms import Also
from reports.table import Column, Report, Row, Value, printable

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

_HEADER = "Currency Name,Purchase Date,Cost Basis,Date Sold,Proceeds"


# What they show of a row; the cost is proceeds less gain.
_COLUMNS = ("description", "date_acquired", "date_sold", "proceeds", "gain", "part", "box")


class _Sale(Struct, frozen=True, gc=False):
    """One row as texts. `acquired` is empty where it is not known or is that of several purchases: neither format has a
    word for it. `reference`: the number of its category."""

    what: str
    acquired: str
    sold: str
    cost: str
    proceeds: str
    reference: int


class ForTaxSoftware(Also):
    """The rows of Form 8949 (`columns`) as files for other programs; only their heads where there is no row."""

    def __init__(self, report: Report, columns: Sequence[Column]) -> None:
        names = [column.name for column in columns]
        self._shown = itemgetter(*map(names.index, _COLUMNS))
        self._txf = [_head(report)]
        self._turbotax: list[str] = []  # lines

    def add(self, rows: Sequence[Row]) -> None:
        with exact():
            sales = [_sale(*self._shown(row)) for row in rows]
        self._txf += map(_record, sales)
        self._turbotax += map(_line, sales)

    def files(self) -> Mapping[str, bytes]:
        found = {TXF: "".join(self._txf).replace("\n", END).encode("ascii", "replace")}  # ASCII, a field a line
        for number, start in enumerate(range(0, max(1, len(self._turbotax)), LIMIT), 1):
            lines = [_HEADER, *self._turbotax[start : start + LIMIT], ""]
            found[f"{TURBOTAX}.csv" if number == 1 else f"{TURBOTAX}_{number}.csv"] = END.join(lines).encode()
        return found


def _sale(what: Value, acquired: Value, sold: Value, proceeds: Value, gain: Value, part: Value, box: Value) -> _Sale:
    assert isinstance(proceeds, Decimal) and isinstance(gain, Decimal)
    return _Sale(
        " ".join(printable(str(what)).split()),
        "" if acquired == "VARIOUS" else str(acquired),
        str(sold),
        decimals(proceeds - gain),
        decimals(proceeds),
        _REFERENCES[str(box)][str(part)],
    )


def _head(report: Report) -> str:
    """Made on the last day of the tax year, so that the same inputs give the same bytes."""
    return f"V042\nAtaxsync {report.version}\nD {report.period.last:%m/%d/%Y}\n^\n"


def _record(s: _Sale) -> str:
    return f"TD\nN{s.reference}\nC1\nL1\nP{s.what}\nD{s.acquired}\nD{s.sold}\n${s.cost}\n${s.proceeds}\n^\n"


def _line(s: _Sale) -> str:
    return f"{field(s.what)},{s.acquired},{s.cost},{s.sold},{s.proceeds}"
