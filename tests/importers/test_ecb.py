"""The European Central Bank's rates: published numbers as they are, quotients to 24 decimals."""

import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

from importers.quotes.ecb import rates
from pipeline.model import Price

THURSDAY = date(2025, 1, 2)


def test_from_the_euro_it_is_the_published_number() -> None:
    assert rates([("EUR", "USD", THURSDAY)]) == [
        Price("EUR", "USD", Decimal("1.0321"), "ECB reference rate of 2025-01-02", day=THURSDAY)
    ]


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
    assert rates([*wanted, ("EUR", "USD", THURSDAY)]) == rates([("EUR", "USD", THURSDAY)])


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
