"""What is on the disk after the power was cut: what was synced, and of the rest what the system had come to write.

Takes the changes of a traced command up to the cut, gives those that reached the disk. A sync of a file or folder
covers all that was done to it before. Of what follows, each write to a file may be there, lost or torn at a sector's
bound, in any order; a folder's entries are there up to some point in their order (one point for each folder: no file
system promises more, and ext4's journal keeps more).
"""

from collections import defaultdict
from collections.abc import Sequence
from random import Random

from tests.hard.tracing import Change

SECTOR = 512


def reached(changes: Sequence[Change], random: Random, chance: float) -> list[Change]:
    """`chance`: of each write that was not synced to be there; 0: nothing that was not synced is."""
    synced = {change.node: number for number, change in enumerate(changes) if change.what == "sync"}
    pending: dict[int, list[int]] = defaultdict(list)
    for number, change in enumerate(changes):
        if change.what == "name" and number > synced.get(_folder(change), -1):
            pending[_folder(change)].append(number)
    kept_names = {
        number for numbers in pending.values() for number in numbers[: random.randint(0, len(numbers)) if chance else 0]
    }
    there = []
    for number, change in enumerate(changes):
        if change.what == "name":
            if number <= synced.get(_folder(change), -1) or number in kept_names:
                there.append(change)
        elif change.what in ("write", "cut"):
            if number <= synced.get(change.node, -1) or random.random() < chance:
                there.append(change)
            elif change.data and random.random() < chance:
                torn = random.randrange(0, len(change.data), SECTOR)
                there.append(Change("write", change.node, change.offset, change.data[:torn]))
    return there


def _folder(change: Change) -> int:
    """Whose entries change; of two, the one that something comes into."""
    return change.entries[-1][0][0]
