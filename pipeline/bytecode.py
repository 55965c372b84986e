"""Bytecode that was cut: a full disk, or a limit on the size of files, ends what Python writes beside a module.

Python looks at its beginning only, and then fails at it, run after run, with words that tell nobody anything. So it is
removed, where that may be done, and said in a line.
"""

from pathlib import Path
from types import FrameType


def cut(error: BaseException) -> str:
    """What to say of an error that comes of such a file; "" for any other."""
    frame = _where(error)
    if frame is None or frame.f_code.co_name != "_compile_bytecode":  # of importlib
        return ""
    path = Path(frame.f_locals.get("bytecode_path") or "")
    try:
        path.unlink()
    except OSError:
        return f"{path}: a part of the program that was not written to its end (a full disk?); remove this file"
    return f"{path}: a part of the program was not written to its end (a full disk?), and is removed; run it again"


def _where(error: BaseException) -> FrameType | None:
    """Where it was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame if trace else None
