"""The console script: the commands, and one line where the program itself can't be loaded."""

import gc
import sys
from typing import NoReturn

from pipeline.bytecode import cut


def program() -> NoReturn:
    """Runs the command line of this process."""
    gc.disable()  # as `cli.main` says; what is loaded until then takes a tenth longer with it
    try:
        from pipeline import cli
    except Exception as error:  # noqa: BLE001  # no traceback, whatever is wrong
        what = f"taxsync can't be loaded ({type(error).__name__}: {str(error)[:200]}); install it again"
        sys.exit(cut(error) or what.replace("\n", " "))
    cli.program()
