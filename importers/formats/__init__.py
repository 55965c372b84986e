"""The layouts of files, one module each: a layout's name is its file's."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from importers.base import Format


@cache
def _names() -> tuple[str, ...]:
    return tuple(module.name for module in pkgutil.iter_modules(__path__))


@cache
def layout_of(name: str) -> Format | None:
    """The layout of that name; without a look at the others, of which there are a hundred."""
    if name not in _names():
        return None
    found = importlib.import_module(f"{__name__}.{name}").FORMAT
    assert isinstance(found, Format)
    return found


@cache
def formats() -> Mapping[str, Format]:
    """Every layout, by name."""
    return {name: found for name in _names() if (found := layout_of(name)) is not None}
