"""[methods] of taxsync.toml: another lot method from a day on, where the country lets it change."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipeline.issues import Usage
from pipeline.run.project import Choices, basis_of, choices_text, init
from pipeline.settings import FILE, Settings, SettingsError, load, save

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
    [replace(US, methods={"2025-01-01": "average"}), Settings("uk", "GBP", "Europe/London", methods=US.methods)],
    ids=["a method that the country does not have", "a country in which it can't change"],
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
