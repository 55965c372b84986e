"""Miscellaneous income, other (Japan): what goes from the crypto-asset sheets onto the final return.

Sums of the sheets' rounded figures and of income received in coins (mining, staking, lending), rounded down to the yen.
Income 雑(その他) of tables 1 and 2 of the return: from memory.
"""

from pipeline.model import Label
from reports.forms import Form, misc_income
from reports.forms.lines import MEMORY, TOTALS_BY, Line, column_sum, down, exactly, lines
from reports.forms.taxed import income_of, sums, taxed_of
from reports.table import Report, Table

_PLACE = "雑(その他)"


@exactly
def table(report: Report) -> Table:
    """Revenue, expenses and income."""
    sheets = misc_income.table(report)
    sold = sums(taxed_of(report))
    received = income_of(report, *(kind for kind in Label if kind is not Label.INCOME))
    if not sheets.rows and not received:
        return lines("misc_income_totals", [])
    revenue, expenses = column_sum(sheets, "revenue"), column_sum(sheets, "expenses")
    whole = revenue + down(received)
    found = [
        Line(_PLACE, "収入金額: sales", revenue, sold.proceeds, source=MEMORY),
        Line(_PLACE, "収入金額: received in coins", down(received), received, source=MEMORY),
        Line(_PLACE, "収入金額: sum", whole, sold.proceeds + received, source=MEMORY),
        Line(_PLACE, "必要経費", expenses, sold.cost, source=MEMORY),
        Line(_PLACE, "所得金額", whole - expenses, sold.gain + received, source=MEMORY),
    ]
    pay = income_of(report, Label.INCOME)
    if pay:
        found.append(Line("", "pay and other income: where it belongs", down(pay), pay, source=MEMORY))
    return lines("misc_income_totals", found)


FORM = Form(
    "misc_income_totals.csv",
    "Miscellaneous income",
    table,
    totals_by=TOTALS_BY,
    source="Final return; from memory",
    adds=(("収入金額: received", "income"), ("pay", "income"), ("", "misc_income")),
)
