"""Forms 1099-DA that are kept, and beside the disposals of a year; `statements` is how they get in.

One answer under (FORM, [account, year]): the rows of the statement, each with its row in the file that it came by.
Of a taxpayer's number only the last digits are kept.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from msgspec.structs import replace

from pipeline.answers import Answers
from pipeline.gains.derive import Basis
from pipeline.gains.reported import compared, problems
from pipeline.issues import Issue
from pipeline.model import Disposal
from pipeline.money import ZERO, exact, parse, plain
from pipeline.reported import CURRENCY, NOTHING, Compared, Reported

FORM = "form_1099_da"
_BOOLS = ("basis_reported", "noncovered", "ordinary", "no_loss")
_WORDS = ("asset", "term", "code", "aggregate")
_DAYS = ("sold", "acquired", "transferred")
_AMOUNTS = ("quantity", "proceeds", "basis", "disallowed", "withheld")


def line(form: Reported) -> dict[str, Any]:
    """What is not empty, as JSON holds it."""
    line: dict[str, Any] = {name: True for name in _BOOLS if getattr(form, name)}
    line |= {name: getattr(form, name) for name in _WORDS if getattr(form, name)}
    line |= {name: getattr(form, name).isoformat() for name in _DAYS if getattr(form, name)}
    amounts = {name: getattr(form, name) for name in _AMOUNTS}
    return line | {
        name: plain(value) for name, value in amounts.items()
        if value is not None and (value or name not in ("disallowed", "withheld"))
    }  # fmt: skip


def forms(said: Mapping[str, Any], by: str) -> list[Reported]:
    """The rows of a statement that is kept; `by`: by what it came."""
    file = by.rpartition(" row ")[0] or by
    return [_form(said["account"], said["year"], f"{file} row {row}", line) for row, line in said["lines"]]


def _form(account: str, year: int, place: str, line: Mapping[str, Any]) -> Reported:
    told: dict[str, Any] = {name: date.fromisoformat(line[name]) for name in _DAYS if name in line}
    told |= {name: parse(line[name]) for name in _AMOUNTS if name in line}
    told |= {name: line[name] for name in (*_BOOLS, *_WORDS) if name in line}
    return Reported(account, year, place, **told)


def in_words(said: Mapping[str, Any]) -> str:
    with exact():
        proceeds = sum((parse(line["proceeds"]) for _, line in said["lines"]), ZERO)
    rows = f"{len(said['lines'])} row{'s' * (len(said['lines']) != 1)}"
    return f"Form 1099-DA of {said['account']} for {said['year']}: {rows}, proceeds {plain(proceeds)} USD"


# ---- beside the disposals ---------------------------------------------------------------------


def beside(disposals: Sequence[Disposal], said: Answers, basis: Basis, year: int) -> tuple[Compared, list[Issue]]:
    """The forms of a year beside its disposals, and what is open; nothing where the country does not know them, or
    amounts are not in dollars."""
    of_year = [_in_its_account(form, said) for form in said.forms if form.year == year]
    if not of_year or FORM not in basis.rules.forms or basis.currency != CURRENCY:
        return NOTHING, []
    taken = [d for d in disposals if basis.rules.year.of(d.disposed_at.astimezone(basis.zone).date()) == year]
    found = compared(taken, of_year, basis.zone)
    return found, problems(found, of_year, str(year), basis.zone)


def _in_its_account(form: Reported, said: Answers) -> Reported:
    """With the name of the account that the person says its own is."""
    return replace(form, account=said.accounts.get(form.account, form.account))


def open_problems(disposals: Sequence[Disposal], said: Answers, basis: Basis, closed: int = 0) -> list[Issue]:
    """What is open of the forms of all years after `closed`, of which the disposals are not looked at any more."""
    years = sorted({form.year for form in said.forms if form.year > closed})
    return [issue for year in years for issue in beside(disposals, said, basis, year)[1]]
