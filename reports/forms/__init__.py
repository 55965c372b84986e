"""A country's own forms, one file each with `FORM = Form(...)`; the folder is the registry.

forms_of(RULES)     the forms that a country's rules name
every_form()        all there are, whatever the country
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.rules.base import Rules
from reports.table import Report, ReportError, Table


@dataclass(frozen=True, slots=True)
class Form:
    """One form: its CSV file, the title of its sheet, its rows, and the columns its totals go by."""

    file: str
    title: str
    table: Callable[[Report], Table]
    totals_by: tuple[str, ...] = ()


def every_form() -> tuple[Form, ...]:
    return tuple(_load(m.name) for m in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name))


def forms_of(rules: Rules) -> tuple[Form, ...]:
    """The forms of a country. Raises ReportError when its rules name one that has no file here."""
    there = {m.name for m in pkgutil.iter_modules(__path__)}
    for name in rules.forms:
        if name not in there:
            raise ReportError(f"the rules of {rules.name} name a form '{name}' that this version can't write")
    return tuple(_load(name) for name in rules.forms)


def _load(name: str) -> Form:
    form = importlib.import_module(f"{__name__}.{name}").FORM
    assert isinstance(form, Form)
    return form
