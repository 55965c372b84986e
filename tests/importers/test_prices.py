"""The price file: days and instants, each price once, exact."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from importers.base import Refused
from importers.read import read
from pipeline.model import Price

HEADER = "Date,Asset,Currency,Price\n"


def write(tmp_path: Path, rows: str) -> Path:
    path = tmp_path / "prices.csv"
    path.write_bytes((HEADER + rows).encode())
    return path


def test_days_and_instants(tmp_path: Path) -> None:
    reading = read(
        write(tmp_path, "2025-03-31,btc,usd,82500.10\n2025-03-31T16:05:00+02:00,BTC,USD,82510.123456789012\n")
    )
    assert reading.format == "prices"
    assert list(reading.pages) == []
    assert reading.prices == [
        Price("BTC", "USD", Decimal("82500.1"), "file prices.csv row 2", day=date(2025, 3, 31)),
        Price(
            "BTC",
            "USD",
            Decimal("82510.123456789012"),
            "file prices.csv row 3",
            at=datetime(2025, 3, 31, 14, 5, tzinfo=UTC),
        ),
    ]


def test_midnight_with_a_time_is_an_instant(tmp_path: Path) -> None:
    (price,) = read(write(tmp_path, "2025-03-31T00:00:00Z,BTC,USD,1\n")).prices
    assert (price.at, price.day) == (datetime(2025, 3, 31, tzinfo=UTC), None)


def test_date_cell_of_a_workbook_is_a_day(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    for row in (HEADER.strip().split(","), [date(2025, 3, 31), "BTC", "USD", 82500.1]):
        workbook.worksheets[0].append(row)
    workbook.save(tmp_path / "p.xlsx")
    (price,) = read(tmp_path / "p.xlsx").prices
    assert (price.day, price.price) == (date(2025, 3, 31), Decimal("82500.1"))


def test_a_price_that_stands_twice_counts_once(tmp_path: Path) -> None:
    assert (
        len(read(write(tmp_path, "2025-03-31,BTC,USD,1\n2025-03-31,btc,USD,1.0\n2025-04-01,BTC,USD,1\n")).prices) == 2
    )


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("2025-03-31,BTC,USD,2", "row 3: Price '2' differs from 1 (file prices.csv row 2) of the same date"),
        ("2025-04-01,BTC,USD,0", "row 3: Price '0' should be above 0"),
        ("2025-04-01,BTC,USD,-1", "row 3: Price '-1' should not be negative"),
        ("2025-04-01,BTC,USD,", "row 3: Price should be a plain number"),
        ("2025-04-01,BTC,USD,NaN", "row 3: Price 'NaN' should be a plain number"),
        ("2025-04-01,BTC,,1", "row 3: Currency should be a code"),
        ("2025-04-01,,USD,1", "row 3: Asset should be a code"),
        ("2025-04-01,USD,usd,1", "row 3: Currency 'usd' is the Asset itself"),
        ("01.04.2025,BTC,USD,1", "row 3: Date '01.04.2025' should be ISO 8601"),
        ('2025-04-01,BTC,USD,"1,5"', "row 3: Price '1,5' should be a plain number"),
    ],
)
def test_prices_that_cannot_be_taken(tmp_path: Path, row: str, says: str) -> None:
    with pytest.raises(Refused) as caught:
        read(write(tmp_path, f"2025-03-31,BTC,USD,1\n{row}\n"))
    assert str(caught.value).startswith(f"prices.csv {says}")
    assert "\n" not in str(caught.value)


def test_header_without_rows(tmp_path: Path) -> None:
    assert read(write(tmp_path, "")).prices == []
