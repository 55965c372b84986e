"""Form 3916-bis (France): accounts of digital assets abroad that were open, used or closed in the year.

taxsync does not know where a platform has its seat, nor an account's number: every account is listed, with what is
known of it, for the person to strike out those in France and wallets of their own, and to fill in the rest. CGI art.
1649 bis C; what the form asks for: from memory.
"""

from datetime import datetime

from reports.forms import Form
from reports.forms.lines import not_yet
from reports.forms.taxed import day_of
from reports.table import Column, Report, Table, Type, Value

COLUMNS = (
    Column("account", Type.TEXT, "désignation du compte, by its name here"),
    Column("platform", Type.TEXT, "organisme gestionnaire: the exchange or file layout that it came from"),
    Column("first_record", Type.DAY, "the account was open by then; date d'ouverture"),
    Column("last_record", Type.DAY, "last record in all; date de clôture, if it was closed"),
    Column("to_fill_in", Type.TEXT, "what the form asks for besides"),
)
_FIRST_YEAR = 2019  # declarations from 1 January 2020 on; from memory
_TO_FILL_IN = "numéro du compte, adresse de l'organisme, date d'ouverture et de clôture, caractéristiques du compte"


def table(report: Report) -> Table:
    """One row for each account and source with a record by the end of the year."""
    rows: list[tuple[Value, ...]] = []
    for used in sorted(report.sources, key=lambda s: (s.account, s.source)):
        if used.first is not None and used.first < report.period.ends:
            rows.append((used.account, used.source, *_days(used.first, used.last, report), _TO_FILL_IN))
    return Table("form_3916_bis", COLUMNS, rows)


def _days(first: datetime, last: datetime | None, report: Report) -> tuple[Value, Value]:
    return day_of(first, report), None if last is None else day_of(last, report)


def notes(report: Report) -> list[str]:
    """What the person has to do."""
    if not table(report).rows:
        return []
    return [
        "3916-bis is for accounts with platforms abroad, also without a sale and with nothing in them: strike out "
        "those in France and your own wallets. An account that is not declared costs a fine.",
        *not_yet(report, "3916-bis", _FIRST_YEAR, "Nothing is to be declared on it for an earlier one."),
    ]


FORM = Form("form_3916_bis.csv", "3916-bis", table, totals_by=(), notes=notes, source="3916-bis; from memory")
