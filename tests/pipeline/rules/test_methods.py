"""[methods] of taxsync.toml: another lot method from a day on, where the country lets it change."""

from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from pipeline.gains.lots import METHODS
from pipeline.gains.orders import Order
from pipeline.issues import Usage
from pipeline.ledger import Ledger
from pipeline.rules.base import Change, countries, rules_of
from pipeline.run import methods
from pipeline.run.project import Choices, basis_of, choices_text, init
from pipeline.settings import FILE, Settings, SettingsError, load, save
from tests.ledgers import at, buy, derived, sell

US = Settings("us", "USD", "America/New_York", methods={"2026-01-01": "lofo", "2025-01-01": "hifo"})


def test_methods_are_kept_hold_from_their_days_on_and_change_the_digest(tmp_path: Path) -> None:
    save(tmp_path, US)
    assert load(tmp_path) == US
    by = basis_of(US)
    days = (date(2024, 12, 31), date(2025, 1, 1), date(2025, 12, 31), date(2026, 1, 1))
    assert [by.method_on(day) for day in days] == ["fifo", "hifo", "hifo", "lofo"]
    assert choices_text(by) != choices_text(basis_of(replace(US, methods={})))


def test_a_method_that_is_asked_for_stands_for_all_time(tmp_path: Path) -> None:
    assert basis_of(US, Choices(method="lifo")).later == ()
    assert basis_of(US, Choices(country="de")).later == ()
    save(tmp_path, US)
    assert init(tmp_path, Choices(timezone="America/Chicago")).methods == US.methods
    assert init(tmp_path, Choices(method="hifo")).methods == {}


@pytest.mark.parametrize(
    "wrong",
    [
        replace(US, methods={"2025-01-01": "average"}),
        Settings("uk", "GBP", "Europe/London", methods=US.methods),
        Settings("jp", "JPY", "Asia/Tokyo", methods={"2025-04-01": "moving-average"}),
    ],
    ids=["a method that the country does not have", "a country in which it can't change", "in the middle of a year"],
)
def test_what_the_country_does_not_allow_is_refused(wrong: Settings) -> None:
    with pytest.raises(Usage, match=r"^taxsync\.toml: \[methods\]: [^\n]+$"):
        basis_of(wrong)


@pytest.mark.parametrize("line", ['2025 = "hifo"', "2025-01-01 = 1", '2025-02-30 = "hifo"', '2025-01-01 = "HIFO!"'])
def test_what_is_no_day_or_no_method_is_refused_when_read(line: str, tmp_path: Path) -> None:
    minimal = 'country = "us"\ncurrency = "USD"\ntimezone = "America/New_York"\n'
    (tmp_path / FILE).write_text(f"{minimal}[methods]\n{line}\n")
    with pytest.raises(SettingsError, match=r"^taxsync\.toml: methods[.:][^\n]+$"):
        load(tmp_path)


# ---- one account alone --------------------------------------------------------------------------------

OWN = replace(US, methods={**US.methods, "Coinbase Pro": {"2025-06-01": "lifo", "2025-03-01": "fifo"}})


def test_an_account_follows_its_own_methods_from_their_first_day_on(tmp_path: Path) -> None:
    save(tmp_path, OWN)
    assert load(tmp_path) == OWN
    plan = basis_of(OWN).plan
    days = (date(2025, 2, 28), date(2025, 3, 1), date(2025, 6, 1), date(2026, 1, 1))
    assert [plan.on(day, "Coinbase Pro") for day in days] == ["hifo", "fifo", "lifo", "lifo"]
    assert [plan.on(day, "Kraken") for day in days] == ["hifo", "hifo", "hifo", "lofo"]
    assert str(plan) == (
        "fifo, hifo from 2025-01-01, lofo from 2026-01-01, Coinbase Pro: fifo from 2025-03-01, Coinbase Pro: lifo from "
        "2025-06-01"
    )
    assert choices_text(basis_of(OWN)) != choices_text(basis_of(US))


def test_the_log_tells_what_was_chosen_for_an_account_and_when(tmp_path: Path) -> None:
    init(tmp_path, Choices(country="us"))
    with Ledger.open(tmp_path, create=False) as ledger:
        for chosen in (US, OWN, OWN):
            methods.record(ledger, basis_of(chosen), "a test")
        assert [order.plan for order in methods.log(ledger, "us")] == [basis_of(US).plan, basis_of(OWN).plan]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (replace(OWN, methods={"Kraken": {"2024-06-01": "hifo"}}), "one queue of lots before 2025-01-01"),
        (
            replace(OWN, lot_scope="global", methods={"Kraken": {"2025-06-01": "hifo"}}),
            "one queue of lots, so that none",
        ),
        (replace(OWN, methods={"Kraken": {"2025-06-01": "pool"}}), "'pool' is not allowed in us"),
        (Settings("es", "EUR", "Europe/Madrid", methods={"Kraken": {"2025-06-01": "fifo"}}), "can't change on a day"),
    ],
)
def test_a_method_of_an_account_is_refused_where_it_can_have_none(wrong: Settings, said: str) -> None:
    with pytest.raises(Usage, match=rf"^taxsync\.toml: \[methods\.Kraken\]: [^\n]*{said}[^\n]*$"):
        basis_of(wrong)


@pytest.mark.parametrize("line", ['June = "hifo"', "2025-01-01 = 1", '2025-01-01 = ["hifo"]', '2025-01-01 = "HIFO!"'])
def test_what_is_no_day_or_no_method_of_an_account_is_refused_when_read(line: str, tmp_path: Path) -> None:
    minimal = 'country = "us"\ncurrency = "USD"\ntimezone = "America/New_York"\n'
    (tmp_path / FILE).write_text(f"{minimal}[methods.Kraken]\n{line}\n")
    with pytest.raises(SettingsError, match=r"^taxsync\.toml: methods\.Kraken[.:][^\n]+$"):
        load(tmp_path)


@pytest.mark.parametrize("country", countries())
def test_methods_change_where_and_when_the_law_lets_them(country: str) -> None:
    rules = rules_of(country)
    allowed = {"us": Change.ANY_DAY, "au": Change.ANY_DAY, "jp": Change.NEW_YEAR, "de": Change.SOLD_OUT}
    assert rules.methods_change is allowed.get(country, Change.NEVER)
    assert rules.methods_change is not Change.ANY_DAY or set(rules.methods) <= METHODS.keys()


# ---- methods that a tax office is asked for -------------------------------------------------------------

JP = Settings("jp", "JPY", "Asia/Tokyo", methods={"BTC": {"2025-01-01": "moving-average"}})
SOLD = (
    buy("2023-05-05", "9 BTC", "900 JPY"), buy("2023-05-05", "9 ETH", "90 JPY"), sell("2024-05-05", "1 BTC", "900 JPY"),
    sell("2025-05-05", "1 ETH", "900 JPY"), sell("2025-05-05", "1 BTC", "900 JPY"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "recorded", "told"),
    [
        (JP, "2025-03-15 14:59", []),  # the last minute of 15 March in Tokyo
        (JP, "2025-03-15 15:00", ["BTC of BTC from 2025-01-01 on 2025-03-15"]),
        (replace(JP, method="moving-average", methods={}), "2025-03-15 14:59", []),
        (
            replace(JP, method="moving-average", methods={"2025-01-01": "average"}),
            "2026-01-01",
            [" from the first purchase on 2025-03-15", " from 2025-01-01 on 2025-03-15"],
        ),
        (replace(JP, methods={}), "2026-01-01", []),  # the law's own needs no notice
    ],
)
def test_a_method_that_was_not_on_record_when_the_office_had_to_be_asked_is_told(
    settings: Settings, recorded: str, told: list[str]
) -> None:
    by = basis_of(settings)
    log = [Order(at(recorded), by.plan)]
    found = methods.late_notices(derived(*SOLD, by=by).disposals, by, log)
    assert [f"{i.asset} {i.details['since']} {i.details['due']}" for i in found] == told
