"""Margin at the exchange on this machine: its results stand apart, and the balances add up all the same."""

import csv
from decimal import Decimal
from pathlib import Path

from importers.sandbox.book import Book
from importers.sandbox.server import NOW
from pipeline.run.overview import check, status
from pipeline.run.reporting import report
from tests.pipeline.run.conftest import account, fetch, second


def traded() -> Book:
    """1,000 USD; a position that brings 150, another that takes 40 and 0.001 BTC, and one that is settled."""
    book = Book({})
    book.pay_in(second("2025-03-01 10:00"), "ZUSD", "1000")
    book.buy(second("2025-03-01 11:00"), "XXBTZUSD", "500")
    opened = book.margin(second("2025-03-02 10:00"), "margin", ("ZUSD", "0", "1.5"))
    book.margin(second("2025-03-02 14:00"), "rollover", ("ZUSD", "0", "0.5"), position=opened)
    book.margin(second("2025-03-03 10:00"), "margin", ("ZUSD", "150", "2"))
    book.margin(second("2025-03-04 10:00"), "margin", ("ZUSD", "-40", "0"), ("XXBT", "-0.001", "0"))
    book.margin(second("2025-03-05 10:00"), "settled", ("ZUSD", "-300", "0"), ("XETH", "0.1", "0"))
    return book


def test_results_of_margin_are_in_their_own_table_and_balances_add_up(folder: Path) -> None:
    fetch(folder, account(traded()))
    assert check(folder) == []
    assert all(holding.computed == holding.reported for holding in status(folder).holdings)
    written = report(folder, NOW, year="2025", xlsx=False)
    with (written.folder / "derivatives.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["asset"], r["quantity"], r["what"]) for r in rows] == [
        ("USD", "-1.5", "loss"),
        ("USD", "-0.5", "loss"),
        ("USD", "150", "profit"),
        ("USD", "-2", "fee"),
        ("BTC", "-0.001", "loss"),  # of one instant and refid, in the order of Kraken's ids
        ("USD", "-40", "loss"),
    ]
    assert [r["description"] for r in rows[:2]] == ["margin", "rollover"]
    paid = -Decimal(rows[-2]["value"])
    with (written.folder / "disposals.csv").open(encoding="utf-8-sig", newline="") as file:
        (sold,) = csv.DictReader(file)  # the coins that paid for the loss, and nothing else
    assert (sold["asset"], sold["kind"], Decimal(sold["proceeds"])) == ("BTC", "spend", paid)
    with (written.folder / "summary.csv").open(encoding="utf-8-sig", newline="") as file:
        told = {r["item"]: r["value"] for r in csv.DictReader(file) if r["section"] == "derivatives"}
    assert {name: Decimal(value) for name, value in told.items()} == {
        "profits": 150, "losses": -42 - paid, "fees": -2, "result": 106 - paid,
    }  # fmt: skip
