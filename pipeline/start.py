"""The console script: the commands, and one line where the program itself can't be loaded."""

import sys
from typing import NoReturn

from pipeline.bytecode import cut


def program() -> NoReturn:
    """Runs the command line of this process."""
    try:
        from pipeline import cli
    except Exception as error:  # noqa: BLE001  # no traceback, whatever is wrong
        what = f"taxsync can't be loaded ({type(error).__name__}: {str(error)[:200]}); install it again"
        sys.exit(cut(error) or what.replace("\n", " "))
    cli.program()
