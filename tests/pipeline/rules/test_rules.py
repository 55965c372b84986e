"""Countries: the day a gain becomes long, which year a day is in, and that no file forgets a label or a method."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.gains.lots import inventory
from pipeline.model import RECEIVED_LABELS, SENT_LABELS, Kind, Label, Term, is_fiat
from pipeline.rules.base import (
    Basis,
    Dated,
    Gain,
    Scope,
    TaxYear,
    always,
    countries,
    midnight,
    rules_of,
)
from pipeline.rules.terms import after_the_anniversary, more_than_one_year, no_term
from reports.forms import forms_of

NEW_YORK, LONDON, SYDNEY = ZoneInfo("America/New_York"), ZoneInfo("Europe/London"), ZoneInfo("Australia/Sydney")
US = rules_of("us")


# ---- holding period ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("acquired", "last_short", "why"),
    [
        ("2024-03-15", "2025-03-15", "the anniversary is one year, not more: Instructions for Form 8949"),
        ("2023-03-15", "2024-03-15", "366 days, because 29 February lies between, are still short"),
        ("2024-02-29", "2025-02-28", "counted from 1 March"),
        ("2024-02-28", "2025-02-28", "counted from 29 February, which the next year has not"),
        ("2023-02-28", "2024-02-29", "the month's last day: whole months are counted from 1 March (Rev. Rul. 66-7)"),
        ("2024-01-31", "2025-01-31", "counted from 1 February"),
        ("2024-04-30", "2025-04-30", "counted from 1 May, not to the end of April"),
        ("2023-12-31", "2024-12-31", "over the turn of the year"),
        ("2024-01-01", "2025-01-01", ""),
    ],
)
def test_long_begins_the_day_after_one_year(acquired: str, last_short: str, why: str) -> None:
    bought, last = date.fromisoformat(acquired), date.fromisoformat(last_short)
    assert more_than_one_year(bought, last) is Term.SHORT, why
    assert more_than_one_year(bought, last + timedelta(days=1)) is Term.LONG, why


@pytest.mark.parametrize(
    ("acquired", "last_short"),
    [
        ("2023-05-10", "2024-05-10"),
        ("2023-02-28", "2024-02-28"),  # BGB 188(2): the day of the same name, so free from 29 February on
        ("2024-02-29", "2025-02-28"),  # BGB 188(3): the month's last day
        ("2024-01-31", "2025-01-31"),
    ],
)
def test_germany_counts_to_the_day_of_the_same_name(acquired: str, last_short: str) -> None:
    bought, last = date.fromisoformat(acquired), date.fromisoformat(last_short)
    assert after_the_anniversary(bought, last) is Term.SHORT
    assert after_the_anniversary(bought, last + timedelta(days=1)) is Term.LONG


@given(st.dates(date(2009, 1, 3), date(2100, 1, 1)), st.integers(0, 800))
def test_once_long_stays_long_and_365_days_are_never_enough(bought: date, days: int) -> None:
    sold = bought + timedelta(days)
    term = more_than_one_year(bought, sold)
    if days != 366:  # enough only where no 29 February lies between
        assert term is (Term.SHORT if days < 366 else Term.LONG)
    if term is Term.LONG:
        assert more_than_one_year(bought, sold + timedelta(days=1)) is Term.LONG


@given(st.dates(date(2009, 1, 3), date(2100, 1, 1)), st.integers(0, 1100))
def test_a_term_is_what_the_anniversary_alone_says(bought: date, days: int) -> None:
    """The year numbers, which are asked first, only spare looking the day up."""
    sold = bought + timedelta(days)
    begins = bought + timedelta(days=1)
    after = date(begins.year + 1, 3, 1) if (begins.month, begins.day) == (2, 29) else begins.replace(begins.year + 1)
    last = date(bought.year + 1, 2, 28) if (bought.month, bought.day) == (2, 29) else bought.replace(bought.year + 1)
    assert more_than_one_year(bought, sold) is (Term.LONG if sold >= after else Term.SHORT)
    assert after_the_anniversary(bought, sold) is (Term.LONG if sold > last else Term.SHORT)


def test_countries_without_a_holding_period_have_no_term() -> None:
    assert no_term(date(2020, 1, 1), date(2025, 1, 1)) is Term.NONE
    assert US.has_terms and US.term(date(2025, 1, 1), date(2025, 1, 1)) is Term.SHORT


# ---- years ------------------------------------------------------------------------------------------

CALENDAR, BRITISH, AUSTRALIAN = TaxYear(), TaxYear(4, 6), TaxYear(7, 1)


@pytest.mark.parametrize(
    ("name", "year"),
    [("2025", 2025), (" 2025 ", 2025), ("2024-25", 2025), ("2024/25", 2025), ("2024 - 2025", 2025), ("2099-00", 2100)],
)
def test_a_year_goes_by_the_calendar_year_it_ends_in_or_the_forms_own_name(name: str, year: int) -> None:
    assert BRITISH.read(name) == year


@pytest.mark.parametrize(
    "name",
    ["", "25", "2025-25", "2024-26", "2024-2026", "2023-2125", "2024-5", "last", "2008", "2201", "-2025", "2025.0"],
)
def test_what_is_no_tax_year_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        BRITISH.read(name)


@pytest.mark.parametrize(
    ("year", "zone", "days", "starts", "ends"),
    [
        (CALENDAR, NEW_YORK, ("2025-01-01", "2025-12-31"), "2025-01-01T05:00", "2026-01-01T05:00"),
        (BRITISH, LONDON, ("2024-04-06", "2025-04-05"), "2024-04-05T23:00", "2025-04-05T23:00"),  # summer time
        (AUSTRALIAN, SYDNEY, ("2024-07-01", "2025-06-30"), "2024-06-30T14:00", "2025-06-30T14:00"),
    ],
)
def test_a_year_is_the_taxpayers_days(
    year: TaxYear, zone: ZoneInfo, days: tuple[str, str], starts: str, ends: str
) -> None:
    period = year.period(2025, zone)
    assert (period.name, str(period.first), str(period.last)) == ("2025", *days)
    assert (period.starts, period.ends) == tuple(datetime.fromisoformat(t).replace(tzinfo=UTC) for t in (starts, ends))


@given(st.sampled_from((CALENDAR, BRITISH, AUSTRALIAN)), st.integers(0, 50 * 366 * 24 * 60))
def test_every_instant_is_in_just_one_year(year: TaxYear, minutes: int) -> None:
    at = datetime(2010, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    number = year.of(at.astimezone(LONDON).date())
    period = year.period(number, LONDON)
    assert period.starts <= at < period.ends
    assert year.period(number + 1, LONDON).starts == period.ends
    assert year.of(period.first) == year.of(period.last) == number


def test_a_day_begins_at_the_first_instant_that_bears_its_date() -> None:
    havana = ZoneInfo("America/Havana")  # the clocks go from 0:00 to 1:00 there: the day begins at 1:00
    first = midnight(date(2025, 3, 9), havana).astimezone(UTC)
    assert first.astimezone(havana).date() == date(2025, 3, 9)
    assert (first - timedelta(seconds=1)).astimezone(havana).date() == date(2025, 3, 8)


# ---- what the law changed ---------------------------------------------------------------------------


def test_a_changed_rule_holds_from_its_day_on() -> None:
    change = date(2025, 1, 1)
    assert US.scope.on(change - timedelta(days=1)) is Scope.GLOBAL and US.scope.on(change) is Scope.ACCOUNT
    withheld = US.withheld_fee_from_receipt
    assert not withheld.on(date(2024, 12, 31)) and withheld.on(change) and withheld.on(date(2031, 5, 5))
    assert always(3).on(date.min) == 3
    assert [Dated(((None, 1), (date(2020, 1, 1), 2), (change, 3))).on(date(y, 6, 1)) for y in (2019, 2024, 2025)] == [
        1,
        2,
        3,
    ]


# ---- every country ----------------------------------------------------------------------------------


@pytest.mark.parametrize("country", countries())
def test_a_country_forgets_nothing(country: str) -> None:
    rules = rules_of(country)
    assert rules.country == country and rules.name and is_fiat(rules.currency) and ZoneInfo(rules.timezone)
    assert rules.receipts.keys() == RECEIVED_LABELS and rules.outlays.keys() == SENT_LABELS
    assert len(set(rules.methods)) == len([inventory(method) for method in rules.methods]) > 0
    assert {scope for _, scope in rules.scope.values} <= set(rules.scopes)
    for receipt in rules.receipts.values():
        assert bool(receipt.why) == bool(receipt.cure) and (receipt.why or receipt.basis is not Basis.UNKNOWN)
        assert not receipt.income or receipt.basis is Basis.VALUE
    assert len(forms_of(rules)) == len(rules.forms)
    for label, outlay in rules.outlays.items():
        assert outlay.kind == {Label.COST: Kind.FEE, Label.MARGIN: Kind.SPEND}.get(label, label.value)


def test_the_contract_s_countries_and_methods_are_all_there() -> None:
    assert set(countries()) == set("us uk de ca au fr ie es at jp se nl ch generic".split())
    allowed = {method for country in countries() for method in rules_of(country).methods}
    assert allowed >= set("fifo lifo hifo lofo average moving-average pool".split())


@pytest.mark.parametrize("country", countries())
def test_every_choice_has_its_default_and_changes_just_its_fields(country: str) -> None:
    rules = rules_of(country)
    assert rules.chosen.keys() == {choice.name for choice in rules.choices}
    for choice in rules.choices:
        assert choice.meaning and len(choice.values) > 1
        first, *others = choice.values
        assert rules.chosen[choice.name] == first and not choice.values[first]
        for value in others:
            changed = rules.choose({choice.name: value})
            assert changed.chosen[choice.name] == value
            fields = {name for name in rules.__struct_fields__ if getattr(rules, name) != getattr(changed, name)}
            assert fields == {"chosen", *choice.values[value]}
            assert changed.receipts.keys() == RECEIVED_LABELS and changed.outlays.keys() == SENT_LABELS


def test_what_is_no_choice_is_refused_in_one_line() -> None:
    there_are = "derivatives, gifts, airdrops, forks, swap_fees"
    with pytest.raises(ValueError, match=rf"^'wash' is no choice of uk; there are {there_are}$"):
        rules_of("uk").choose({"wash": "sale"})
    with pytest.raises(ValueError, match=r"^gifts = 'maybe' is not allowed in uk; allowed: to-others, to-spouse$"):
        rules_of("uk").choose({"gifts": "maybe"})
    with pytest.raises(ValueError, match=r"^'gifts' is no choice of es; there are lost$"):
        rules_of("es").choose({"gifts": "to-spouse"})


def test_the_united_states_allow_what_their_regulations_do() -> None:
    # first in first out unless identified: 1.1012-1(j)(3)(i)
    assert US.methods == ("fifo", "lifo", "hifo", "lofo", "specific")
    income = {label for label, receipt in US.receipts.items() if receipt.income}
    assert income == RECEIVED_LABELS - {Label.GIFT, Label.CASHBACK, Label.MARGIN}
    assert US.receipts[Label.GIFT].basis is Basis.UNKNOWN  # the donor's, 26 USC 1015
    without = {label: outlay.kind for label, outlay in US.outlays.items() if outlay.gain is Gain.NONE}
    assert without == {Label.GIFT: Kind.GIFT, Label.DONATION: Kind.DONATION, Label.LOST: Kind.LOST}


@pytest.mark.parametrize("name", ["", "US", "xx", "base", "../us", "us.py"])
def test_a_country_without_a_file_is_told_those_that_have_one(name: str) -> None:
    with pytest.raises(ValueError, match=r"is not one of .*generic.*us"):
        rules_of(name)
