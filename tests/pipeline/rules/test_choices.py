"""[rules] of taxsync.toml: what a country leaves open is chosen there, kept, and refused in one line elsewhere."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from pipeline.issues import Usage
from pipeline.rules.base import Gain
from pipeline.run.project import Choices, basis_of, choices_text, init
from pipeline.settings import FILE, Settings, SettingsError, load, save

UK = Settings("uk", "GBP", "Europe/London", rules={"gifts": "to-spouse"})


def test_a_choice_is_kept_and_changes_the_rules_and_the_digest(tmp_path: Path) -> None:
    save(tmp_path, UK)
    assert load(tmp_path) == UK
    chosen, default = basis_of(UK), basis_of(replace(UK, rules={}))
    gift = next(label for label in default.rules.outlays if label == "gift")
    assert (default.rules.outlays[gift].gain, chosen.rules.outlays[gift].gain) == (Gain.AT_VALUE, Gain.NONE)
    assert choices_text(chosen) != choices_text(default)


def test_choices_outlive_an_init_but_not_another_country(tmp_path: Path) -> None:
    init(tmp_path, Choices("uk"))
    save(tmp_path, UK)
    assert init(tmp_path, Choices(timezone="Europe/Dublin")).rules == UK.rules
    assert basis_of(UK, Choices(country="de")).rules.chosen["transfer_fees"] == "gain"
    assert init(tmp_path, Choices("de")).rules == {}


@pytest.mark.parametrize("rules", [{"gifts": "maybe"}, {"four_weeks": "holds"}])
def test_what_the_country_does_not_know_is_refused(rules: dict[str, str]) -> None:
    with pytest.raises(Usage, match=r"^taxsync\.toml: \[rules\]: [^\n]+$"):
        basis_of(replace(UK, rules=rules))


@pytest.mark.parametrize("line", ["gifts = 1", 'gifts = "To Spouse"', '"a b" = "c"', 'gifts = ["to-spouse"]'])
def test_what_is_no_choice_at_all_is_refused_when_read(line: str, tmp_path: Path) -> None:
    minimal = 'country = "uk"\ncurrency = "GBP"\ntimezone = "Europe/London"\n'
    (tmp_path / FILE).write_text(f"{minimal}[rules]\n{line}\n")
    with pytest.raises(SettingsError, match=r"^taxsync\.toml: rules\.[^\n]+$"):
        load(tmp_path)
