"""All that is filed of a year as texts: the summary, every table, the country's forms."""

from pipeline.filing import FiledTable, FiledTables
from reports.csv_file import cell
from reports.forms import forms_of
from reports.summary import summary
from reports.table import Report, Table
from reports.tables import TABLES


def filed(report: Report) -> FiledTables:
    """Every table by its name, a form by that of its file."""
    tables = {table.name: table for table in (summary(report), *(function(report) for function in TABLES))}
    tables |= {form.file.removesuffix(".csv"): form.table(report) for form in forms_of(report.rules)}
    return {name: _texts(table, report) for name, table in tables.items()}


def figures(report: Report) -> FiledTables:
    """The tables that hold figures: all but the lists of transactions, prices and problems."""
    return {name: table for name, table in filed(report).items() if name not in ("transactions", "prices", "issues")}


def _texts(table: Table, report: Report) -> FiledTable:
    columns = [(column.name, column.type.value) for column in table.columns]
    return FiledTable(columns, [[cell(value, report.zone) for value in row] for row in table.rows])
