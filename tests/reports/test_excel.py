"""Workbooks of every country, of one history with something of everything: whole to Excel, and every link is right."""

import io
from string import ascii_uppercase
from typing import Any

import pytest
from msgspec.structs import replace
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from pipeline.rules.base import countries, rules_of
from pipeline.run.origins import origins
from reports.sheet import LAST_ROW
from reports.table import Report
from tests.ledgers import HOME, basis, buy, derived, move, prices, receive, row, sell, send, swap
from tests.reports.example import full, report
from tests.reports.excel import damage
from tests.reports.test_workbook import cells, hostile, led, made

IDS = ("Disposal id", "Transaction id", "Acquisition id", "Out id", "In id", "Id")
LONG = "A wallet whose name is far longer than any heading, with (brackets), an & and 'marks'"


def year_of(country: str) -> Report:
    """Bought, sold with a gain and a loss, swapped, received, given, lost, moved, with what is missing."""
    currency = rules_of(country).currency
    by = basis(country, rules_of(country).methods[0], currency=currency)
    days = [f"2025-{month:02}-{day:02}" for month in (1, 2, 3) for day in range(1, 29)] + ["2024-12-31", "2025-12-31"]
    units = {"BTC": "90000", "ETH": "3000", "SOL": "150.25", "NFT/1": "1"}
    known = prices(*(f"{day} {asset} {price} {currency}" for day in days for asset, price in units.items()))
    rows = (
        buy("2023-01-05", "1.123456789012345678 BTC", f"20000 {currency}", f"10 {currency}"),
        buy("2024-12-20", "10 ETH", f"35000 {currency}"),
        sell("2025-02-01", "0.5 BTC", f"45000 {currency}", f"45.5 {currency}"),
        sell("2025-02-02", "1 ETH", f"2900 {currency}"),
        buy("2025-02-10", "1 ETH", f"3000 {currency}"),
        swap("2025-02-03", "0.1 BTC", "3 ETH", f"9000 {currency}", "0.001 ETH"),
        *(receive(f"2025-02-0{n}", "0.01 ETH", label) for n, label in enumerate(("reward", "mining", "interest"), 4)),
        receive("2025-02-07", "2 SOL", "income"),
        receive("2025-02-08", "100 NFT/1", "airdrop"),
        row("2025-02-09", received=f"250 {currency}", label="margin"),
        send("2025-02-11", "0.01 BTC", "gift"),
        send("2025-02-12", "0.01 BTC", "lost"),
        send("2025-02-13", "0.01 BTC", "spend"),
        *move("2025-02-14", "0.2 BTC", HOME, LONG, "0.0001 BTC"),
        sell("2025-02-15", "1 LTC", f"80 {currency}"),
        receive("2025-02-16", "1 SOL"),
        send("2025-02-17", "0.02 BTC"),
        sell("2025-03-10", "0.1 BTC", f"9500 {currency}", account=LONG),
    )
    result = derived(*rows, by=by, priced=known)
    base = report(2025, country)
    base = replace(base, currency=currency, method=by.method, scope=by.scope.on(base.period.last).value)
    return replace(base, result=result, origins=origins(result, known, by, base.period))


@pytest.mark.parametrize("country", countries())
def test_every_countrys_workbook_is_whole_and_each_link_leads_to_the_row_it_speaks_of(country: str) -> None:
    r = year_of(country)
    data = made(r)
    assert damage(data) == []
    assert damage(made(r, last_row=6)) == []
    book = load_workbook(io.BytesIO(data))
    for sheet in book.worksheets[1:-1]:
        for line in cells(book, sheet.title):
            for heading, cell in line.items():
                if cell.hyperlink:
                    assert speaks_of(book, sheet.title, heading, cell, line), (sheet.title, cell.coordinate)
    if r.rules.forms and r.rules.gains:  # nothing that is filed has no way back
        sold = cells(book, "Disposals")
        back = [row.get("Form line") or row["Counts"] for row in sold if row["Counts"].value == "yes"]
        assert back and all(cell.hyperlink for cell in back), country


def speaks_of(book: Workbook, sheet: str, heading: str, cell: Any, line: dict[str, Any]) -> bool:
    title, place = led(book, sheet, cell.coordinate)
    there = {str(c.value) for c in book[title][place.lstrip(ascii_uppercase)]}
    text = str(cell.value)
    if heading == "Acquisition id" and title == "Lots":  # bought in an earlier year
        return str(line["Asset"].value) in there
    if heading in IDS:
        return bool({text, text.partition(".")[0]} & there)
    if heading == "Asset" and sheet in ("Disposals", "Holdings", "Lots"):
        return text in there
    if sheet == "Transactions":  # its value
        return title == "Prices" and str(line["Id"].value) in there
    if heading == "Form line":
        return text == f"{title} row {place[1:]}"
    return True  # a form's line, which is there


def test_strange_names_and_everything_at_once_do_no_damage() -> None:
    for r, last_row in ((full(), 4), (full(), LAST_ROW), (hostile(), LAST_ROW), (report(), LAST_ROW)):
        assert damage(made(r, last_row)) == []
