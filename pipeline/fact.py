"""How the types between the stages are made: values that nothing changes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def fact(*, order: bool = False) -> Callable[[type[T]], type[T]]:
    """A dataclass that is frozen for the type checker. At run time nothing guards it: building a guarded one
    takes up to seven times as long, and a long history makes millions."""
    return dataclass(slots=True, unsafe_hash=True, order=order)
