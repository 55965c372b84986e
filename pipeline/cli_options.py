"""What commands have in common: the data folder, the clock, JSON, and how a person's keys are reached."""

import os
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated

import typer

from pipeline import console
from pipeline.settings import Access, data_folder, read_environment


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


def data_of(option: Path | None) -> Path:
    """The data folder: the option's, else the environment's."""
    return data_folder(option, os.environ)


def now() -> datetime:
    return datetime.now(UTC)


def access() -> Access:
    """How this person's keys are reached: asks for a passphrase on a terminal only, and once a run."""

    @cache
    def ask(new: bool) -> str:
        what = "New passphrase for the encrypted file of keys" if new else "Passphrase of the encrypted file of keys"
        passphrase: str = typer.prompt(what, hide_input=True, confirmation_prompt=new, err=True)
        return passphrase

    return Access(read_environment(os.environ), ask if console.is_terminal() else None)
