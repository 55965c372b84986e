"""What ends a command: alone here, so that a line of help loads nothing else."""


class Stop(Exception):
    """Cannot go on: one readable line (three at most) that says what happened, where, what to do.

    Every room's own exception is one of these; what was complete before it is kept. Exit code 1.
    """


class Usage(Stop):
    """What was asked for can't be: a value on the command line. Exit code 2."""
