"""What commands have in common: the data folder, the clock, JSON, and how their values are read."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer


def folder_of(text: str) -> Path:
    """The folder that an option names; an empty text would be the current one."""
    if not text.strip():
        raise typer.BadParameter("is empty: name a folder, or leave the option out")
    return Path(text)


def file_of(text: str) -> Path:
    """A file or folder that is named, as often in a script (`"$FILE"`); an empty text would be the current folder."""
    if not text.strip():
        raise typer.BadParameter("is empty: name a file, or leave it out")
    return Path(text)


DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="The data folder; else TAXSYNC_DATA, else ./data.", show_default=False,
        parser=folder_of,
    ),
]  # fmt: skip
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


def as_given(command: Any) -> Any:
    """The command, and those below it, with values taken as they are given: texts, and what a `parser` of ours reads.
    Typer has pydantic do even that, and its own --help, which takes longer to load than all else that comes before a
    command begins. A value of another kind, and one that is missing, is for typer still."""
    for below in getattr(command, "commands", {}).values():
        as_given(below)
    command.get_params = partial(_parameters, command.get_params)
    return command


def _parameters(of_typer: Callable[[Any], list[Any]], context: Any) -> list[Any]:
    parameters = of_typer(context)
    for one in parameters:
        if hasattr(one, "type_descriptor") and "process_value" not in vars(one):
            one.process_value = partial(_value, one, one.process_value)
    return parameters


def _value(parameter: Any, by_typer: Callable[[Any, Any], Any], context: Any, given: Any) -> Any:
    kind, many = parameter.type_descriptor, parameter.nargs == -1
    read = kind.parameter_info.parser or (str if kind.annotation is str else None)
    if given is None or given == ():
        if parameter.required:
            return by_typer(context, given)
        value: Any = () if many else None
    elif read is None:
        return by_typer(context, given)
    else:
        value = [read(one) for one in given] if many else read(given)
    return value if parameter.callback is None else parameter.callback(context, parameter, value)


def data_of(option: Path | None) -> Path:
    """The data folder: the option's, else the environment's."""
    from pipeline.settings import data_folder

    return data_folder(option, os.environ)


def now() -> datetime:
    return datetime.now(UTC)
