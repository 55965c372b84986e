"""One ZIP for the accountant: the year's files, the records they were made from, and a page that explains them.

Takes a year's files and records, writes an archive whose bytes depend on them alone. Names in it are our own: neither
a folder of this machine nor an account's name becomes one. Records are as the exchange or the file gave them; keys
are in none of them, since answers of an exchange never hold any.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pipeline.fiat import decimals_of
from pipeline.model import RawRecord
from pipeline.money import round_to
from reports.basis import scope_of
from reports.forms import forms_of
from reports.summary import figures, gain_range, told_range
from reports.table import Report, printable

RECORDS, EXPLAINED, PAGE = "records.jsonl", "READ ME.txt", "report.html"
_FOLDER = re.compile(r"^(?:/|[A-Za-z]:[\\/]).*[\\/]")
_TOGETHER = 2000  # records that are written at once


def pack(out: IO[bytes], report: Report, files: Sequence[Path], records: Iterable[RawRecord]) -> None:
    """Writes the archive: the page first, then the files in their order, then the records, one JSON object a line."""
    folder = f"taxsync-{report.period.name}/"
    with ZipFile(out, "w") as archive:
        archive.writestr(_entry(folder + EXPLAINED), _explained(report, [path.name for path in files]))
        for path in files:
            with archive.open(_entry(folder + path.name), "w") as entry:
                entry.write(path.read_bytes())
        with archive.open(_entry(folder + RECORDS), "w", force_zip64=True) as entry:
            lines: list[str] = []
            for record in records:
                lines.append(_line(record))
                if len(lines) == _TOGETHER:
                    entry.write("".join(lines).encode())
                    lines.clear()
            entry.write("".join(lines).encode())


def _entry(name: str) -> ZipInfo:
    info = ZipInfo(name)  # 1 January 1980: the same whenever it is written
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info


def _line(r: RawRecord) -> str:
    """A record, its content as the text that was received; the file that it came from without its folder."""
    told = {"account": r.account, "source": r.source, "stream": r.stream, "id": r.source_id}
    told["origin"] = without_folder(r.origin)
    return json.dumps(told | {"digest": r.digest, "payload": r.payload}, ensure_ascii=True) + "\n"


def without_folder(origin: str) -> str:
    """The file that a record came from, and its row there, without a folder of this machine."""
    return _FOLDER.sub("", origin)


_WHAT = {
    "form_1099_da.csv": "what brokers reported on Forms 1099-DA, beside the records",
    "disposals.csv": "every part of a lot that was disposed of: when it came, when it went, proceeds, cost, gain",
    "income.csv": "what came in and is taxed as income",
    "derivatives.csv": "results of margin and derivatives",
    "holdings.csv": "what is held at the {edge} of the year, lot by lot",
    "summary.csv": "the year's figures, the settings, and what was said by hand",
    "transactions.csv": "everything that happened in the year",
    "prices.csv": "what everything was worth, and where each value is from",
    "issues.csv": "open problems, and what settles each",
}

_TEXT = """\
Crypto tax report {year}: {country}, {first} to {last}

What this is
  The figures of one person for one tax year, computed by taxsync {version} from the records of exchanges and wallets.
  Gain {gain} {currency} (proceeds {proceeds}, cost {cost}), income {income} {currency}. {open}{range}
  Method {method}, lots {scope}. All times are those of {zone}.

What is what
{files}
  {records}: the records that the figures rest on as they were received, one JSON object a line: those of
    the year, and those of the lots that its disposals draw on; `digest` begins the SHA-256 of `payload`

How to check it
  1. Begin with taxsync-{year}.xlsx, sheet Summary: red and grey lines at its top say what is open.
  2. Take any line of the form. Where it is blue, click it: it leads to the disposal, that to its transaction and
     lot. Elsewhere the ids say the same: they are equal in all files.
  3. Let a spreadsheet program compute anew (in LibreOffice Ctrl+Shift+F9): totals and gains are formulas, and stay.
  4. Sheet Lots: opening, what came and went, and closing units. Where an exchange was asked, what it reported stands
     beside them; of other accounts compare the closing units with their statement for the last day of the year.
     Sheet Sources and method: every file with its SHA-256, and every list of an exchange, from when to when.
  5. A transaction's source id is the id of its record in {records}: there is what the exchange itself said.
  6. The digest of the inputs in summary.csv stands for all that the figures rest on: the same digest, the same figures.
"""


def _explained(report: Report, names: Sequence[str]) -> str:
    f, year = figures(report), report.period
    open_problems = f.errors + f.warnings

    def amount(value: Decimal) -> str:
        return f"{round_to(value, decimals_of(report.currency)):,}"

    text = _TEXT.format(
        year=year.name,
        country=report.rules.name,
        first=year.first,
        last=year.last,
        version=report.version,
        gain=amount(f.gain),
        proceeds=amount(f.proceeds),
        cost=amount(f.cost_basis),
        income=amount(f.income_total),
        currency=report.currency,
        open=f"{open_problems} open problems: see issues.csv." if open_problems else "No problem is open.",
        range=_range(report, amount),
        method=report.method,
        scope=scope_of(report),
        zone=report.zone.key,
        files="\n".join(f"  {name}: {_what(name, report)}" for name in names),
        records=RECORDS,
    )
    return printable(text).replace("\n", "\r\n")


def _range(report: Report, told: Callable[[Decimal], str]) -> str:
    """How far the gain could be off while problems are open; nothing where it can't."""
    lowest, highest = gain_range(report)
    if not report.rules.gains or (lowest is not None and lowest == highest):
        return ""
    reach = told_range(report)
    far = "" if reach is None else f"; as far as it can, from {told(reach[0])} to {told(reach[1])} {report.currency}"
    if lowest is None and highest is None:
        return f"\n  How far the gain could be off while they are open can't be told{far}."
    both = (("low", lowest), ("high", highest))
    ends = [f"as {word} as {told(end)} {report.currency}" for word, end in both if end is not None]
    rest = "" if len(ends) == 2 else f"; how {'low' if lowest is None else 'high'} can't be told"
    return f"\n  While they are open the gain could be {' and '.join(ends)}{rest}{far}."


def _what(name: str, report: Report) -> str:
    if name.endswith(".xlsx"):
        return "all of it in one workbook, with formulas and links"
    if name == PAGE:
        return "the year at a glance, in any browser, offline: follow any line of a form down to its record"
    forms = {form.file: f"{form.title}, as it is filed" for form in forms_of(report.rules)}
    if name in _WHAT:
        return _WHAT[name].format(edge="beginning" if report.rules.reference_first else "end")
    return forms.get(name, "a form's rows, for a program that fills it in")
