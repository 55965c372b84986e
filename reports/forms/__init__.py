"""A country's own forms, one file each with `FORM = Form(...)`; the folder is the registry.

forms_of(RULES)     the forms that a country's rules name
every_form()        all there are, whatever the country
is_form_file(NAME)  whether a file of that name is a form's

A form that lists sales is a table of them; what goes onto the return is a table of `lines`.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from pipeline.model import Disposal
from pipeline.rules.base import Rules
from reports.table import Report, ReportError, Row, Table

_NO_FORM = ("lines", "taxed", "tax_software")  # what forms have in common


def _no_notes(_report: Report) -> list[str]:
    return []


def _no_sales(_report: Report) -> Sequence[Sequence[Disposal]]:
    return ()


class Also:
    """The rows of a form as files for other programs; here none."""

    def add(self, rows: Sequence[Row]) -> None:
        """The form's next rows."""

    def files(self) -> Mapping[str, bytes]:
        """By name, once all rows were added."""
        return {}


def _no_other_files(_report: Report) -> Also:
    return Also()


class Form(Struct, frozen=True):
    """One form: its CSV file, the title of its sheet, its rows, the columns its totals go by, and what a person has to
    know before it is filed, a sentence or two each.

    `sales`: of a form whose rows are made of disposals, those of each row, in the rows' order; else none. `source`: the
    official form, its year, and how it was read. `also`: makes what makes the same for other programs, as further
    files, whose names match `also_named` (a regular expression). `adds`: of a form of lines, the table that a line adds
    up, by how its name begins, the first that fits; "" for one that adds up nothing. `line`: where lines add up
    disposals themselves, how the name of the one begins that shows a taxed disposal's gain; "" for none.
    """

    file: str
    title: str
    table: Callable[[Report], Table]
    totals_by: tuple[str, ...] = ()
    notes: Callable[[Report], list[str]] = _no_notes
    sales: Callable[[Report], Sequence[Sequence[Disposal]]] = _no_sales
    source: str = ""
    also: Callable[[Report], Also] = _no_other_files
    also_named: str = ""
    adds: tuple[tuple[str, str], ...] = ()
    line: Callable[[Disposal, Report], str] | None = None

    @property
    def name(self) -> str:
        return self.file.removesuffix(".csv")


def every_form() -> tuple[Form, ...]:
    return tuple(_load(name) for name in sorted(_names()))


def is_form_file(name: str) -> bool:
    """Whether some form, of whatever country, writes a file of this name."""
    return any(name == form.file or re.fullmatch(form.also_named or "(?!)", name) for form in every_form())


def forms_of(rules: Rules) -> tuple[Form, ...]:
    """The forms of a country. Raises ReportError when its rules name one that has no file here."""
    there = _names()
    for name in rules.forms:
        if name not in there:
            raise ReportError(
                f"the rules of {rules.name} name a form '{name}' that this version can't write; install it again"
            )
    return tuple(_load(name) for name in rules.forms)


def _names() -> set[str]:
    return {m.name for m in pkgutil.iter_modules(__path__)} - set(_NO_FORM)


def _load(name: str) -> Form:
    form = importlib.import_module(f"{__name__}.{name}").FORM
    assert isinstance(form, Form)
    return form
