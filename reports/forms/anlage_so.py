"""Anlage SO (Germany): private sales of crypto-assets (§ 23 EStG) and income from services (§ 22 no. 3 EStG).

Only units held for not more than a year are filed; the free ones are shown without a line. The form's block takes one
sale: with more it holds their sums, and `anlage_so_list.csv` is the separate list. Whole euros, cents dropped in the
taxpayer's favour: price and income down, costs up; the gain comes from the rounded lines. Lines of 2024 and 2025: read
in a public table made from the official forms (2024AnlSO131NET, 2025AnlSO131NET); those of mark, name and days in
guides. Other years: no number.
"""

from datetime import date
from decimal import Decimal

from pipeline.model import Disposal, Label, Term
from pipeline.money import ZERO
from reports.forms import Form
from reports.forms.lines import TOTALS_BY, Line, down, exactly, limit, lines, rounded, up, written
from reports.forms.taxed import day_of, income_of, left_out, sums, taxed_of
from reports.table import Report, Table

# Year -> line of: mark, name, days, price, cost, costs of the sale, gain, total; income from services.
_LINES = {
    2024: ("41", "42", "43", "44", "45", "46", "47", "54", "11"),
    2025: ("45", "46", "47", "48", "49", "50", "51", "58", "15"),
}
_NONE = ("",) * 9
_SERVICES = (Label.REWARD, Label.INTEREST, Label.MINING, Label.AIRDROP)


def filed(report: Report) -> list[Disposal]:
    """The year's sales within the period of § 23(1) no. 2 EStG."""
    return [d for d in taxed_of(report) if d.term is not Term.LONG]


@exactly
def table(report: Report) -> Table:
    """Block, total, limits and services."""
    year = int(report.period.name)
    mark, name, days, price, cost, costs, gain, total, services = _LINES.get(year, _NONE)
    source = f"Anlage SO, {year}" if year in _LINES else "Anlage SO; lines of this year not known"
    found: list[Line] = []
    sold = filed(report)
    if sold:
        s = sums(sold)
        figures = (down(s.proceeds), up(s.cost - s.outlays), up(s.outlays))
        left = figures[0] - figures[1] - figures[2]
        found += [
            written(mark, "Kryptowerte veräußert", "1", source),
            written(name, "Bezeichnung", ", ".join(sorted({d.asset for d in sold})), source),
            written(days, "Zeitpunkt der Anschaffung / der Veräußerung", _days(sold, report), source),
            rounded(price, "Veräußerungspreis", s.proceeds, down, source),
            rounded(cost, "Anschaffungskosten", s.cost - s.outlays, up, source),
            rounded(costs, "Werbungskosten im Zusammenhang mit dem Veräußerungsgeschäft", s.outlays, up, source),
            Line(gain, "Gewinn / Verlust", left, s.gain, source=source),
            Line(total, "Gewinn / Verlust: Summe", left, s.gain, source=source),
            *_limit(report, 0, "private sales", s.gain),
        ]
    free = sums(d for d in taxed_of(report) if d.term is Term.LONG)
    if free.proceeds or free.cost:
        found.append(rounded("", "not filed: gain on units held for more than a year", free.gain, down, "§ 23(1) EStG"))
    income = income_of(report, *_SERVICES)
    if income:
        found.append(rounded(services, "Einnahmen im Zusammenhang mit Kryptowerten (Leistungen)", income, down, source))
        found += _limit(report, 1, "services", income)
    pay = income_of(report, Label.INCOME)
    if pay:
        found.append(rounded("", "pay and other income: Anlage N, or where it belongs", pay, down, "§ 19 EStG"))
    return lines("anlage_so", found)


def _days(sold: list[Disposal], report: Report) -> str:
    """The days of the one sale; of several the first and the last."""
    bought = [day_of(d.acquired_at, report) for d in sold if d.acquired_at]
    return f"{_span(bought)} / {_span([day_of(d.disposed_at, report) for d in sold])}"


def _span(days: list[date]) -> str:
    first, last = (f"{day:%d.%m.%Y}" for day in (min(days), max(days))) if days else ("", "")
    return first if first == last else f"{first} - {last}"


def _limit(report: Report, which: int, what: str, amount: Decimal) -> list[Line]:
    """The limit below which all is free: shown, never applied, since other income of the kind counts too."""
    bound = report.rules.limits[which].amount.on(report.period.last)
    law = ("§ 23(3) sentence 5 EStG", "§ 22 no. 3 sentence 2 EStG")[which]
    stays = "reached: all of it is taxed" if amount >= bound else "not reached by this alone: free, if there is no more"
    return [limit(report, which, f"limit of {what}, not applied", law, stays if amount > ZERO else "")]


def line(d: Disposal, _report: Report) -> str:
    """Of what is not in the list of sales."""
    return "not filed" if d.term is Term.LONG else ""


def notes(report: Report) -> list[str]:
    """What goes with the lines."""
    told = []
    if len(filed(report)) > 1:
        told.append(
            "The block takes one sale: it holds the sums of all, with anlage_so_list.csv as the separate list. Who "
            "fills it for one sale enters the gain of the others in the line for further sales (2024: 55, 2025: 59)."
        )
    if int(report.period.name) not in _LINES:
        told.append(f"The lines of Anlage SO {report.period.name} are not known here: go by their names.")
    return told + left_out(report)


FORM = Form(
    "anlage_so.csv",
    "Anlage SO",
    table,
    totals_by=TOTALS_BY,
    notes=notes,
    source="Anlage SO, 2024 and 2025; read in a table made from the forms",
    adds=(
        ("Einnahmen", "income"),
        ("pay", "income"),
        ("limit", ""),
        ("not filed", "disposals"),
        ("", "anlage_so_list"),
    ),
    line=line,
)
