"""How the commands reach a person's keys."""

import os
from functools import cache

import typer

from pipeline import console
from pipeline.settings import Access, read_environment


def access() -> Access:
    """How this person's keys are reached: asks for a passphrase on a terminal only, and once a run."""

    @cache
    def ask(new: bool) -> str:
        what = "New passphrase for the encrypted file of keys" if new else "Passphrase of the encrypted file of keys"
        passphrase: str = typer.prompt(what, hide_input=True, confirmation_prompt=new, err=True)
        return passphrase

    return Access(read_environment(os.environ), ask if console.is_terminal() else None)
