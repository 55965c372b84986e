"""A command under the eyes of the system's own tracer: what it changes on the disk, call by call, and its end there.

    run = trace(["status"], person)                 # .changes: what it did to the files below `home`, in order
    trace(["status"], person, kill_at=7)            # dies (SIGKILL) instead of making its seventh change
    trace(["status"], person, at=(7, action))       # `action()` is done while it waits before its seventh change

Needs nothing installed: ptrace(2) and seccomp(2) of Linux by ctypes. The command is the real one, in a process of its
own; threads and processes that it begins are followed. A change is a call that alters a file's content, a folder's
entries or what is safely on the disk.
"""

import ctypes
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.person import Person

# The numbers of calls, by machine: asm/unistd_64.h (x86-64), asm-generic/unistd.h (aarch64).
_CALLS = {
    "x86_64": {
        1: "write", 18: "pwrite", 20: "writev", 40: "sendfile", 326: "copy", 2: "open", 257: "openat", 76: "truncate",
        77: "ftruncate", 82: "rename", 264: "renameat", 316: "renameat", 83: "mkdir", 258: "mkdirat", 84: "rmdir",
        87: "unlink", 263: "unlinkat", 74: "fsync", 75: "fsync", 85: "creat", 86: "link", 265: "linkat",
        285: "fallocate",
    },
    "aarch64": {
        64: "write", 68: "pwrite", 66: "writev", 71: "sendfile", 285: "copy", 56: "openat", 45: "truncate",
        46: "ftruncate", 38: "renameat", 276: "renameat", 34: "mkdirat", 35: "unlinkat", 82: "fsync", 83: "fsync",
        37: "linkat", 47: "fallocate",
    },
}  # fmt: skip
POSSIBLE = sys.platform == "linux" and os.uname().machine in _CALLS

_CONT, _SYSCALL, _SETOPTIONS, _INFO = 7, 24, 0x4200, 0x420E  # linux/ptrace.h
# The traced die with the tracer; calls told apart; forks, vforks, threads followed; stops where the filter says so.
_OPTIONS = 0x100000 | 1 | 2 | 4 | 8 | 0x80
_BY_FILTER = 7  # PTRACE_EVENT_SECCOMP
_WALL = 0x40000000  # wait for threads, too
_HERE = -100  # AT_FDCWD
# Asks to be traced, and to be stopped (a filter, linux/filter.h) at the calls of these numbers; then it is the command.
_BEGIN = """
import ctypes, os, struct, sys
numbers = [int(number) for number in sys.argv[1].split(",")]
lines = [(0x20, 0, 0, 0), *((0x15, len(numbers) - i, 0, n) for i, n in enumerate(numbers))]
code = b"".join(struct.pack("HBBI", *line) for line in [*lines, (6, 0, 0, 0x7FFF0000), (6, 0, 0, 0x7FF00000)])
kept = ctypes.create_string_buffer(code)
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(kept)))
system = ctypes.CDLL(None)
assert system.ptrace(0, 0, 0, 0) == 0 and system.prctl(38, 1, 0, 0, 0) == 0
assert system.prctl(22, 2, ctypes.c_void_p(ctypes.addressof(program)), 0, 0) == 0
os.execv(sys.executable, [sys.executable, "-m", "pipeline.cli", *sys.argv[2:]])
"""


@dataclass(frozen=True, slots=True)
class Change:
    """One change. Nodes are numbers of files and folders, whatever they are called; 0 is `home`.

    "write": `data` at `offset` of `node`; "cut": `node` is `offset` bytes long from then on; "sync": `node` is safely
    on the disk; "name": the entries (folder, name) of folders are these nodes from then on, or none (a file that is new
    is `node`, too); "said": something went to standard output.
    """

    what: str
    node: int = 0
    offset: int = 0
    data: bytes = b""
    entries: tuple[tuple[tuple[int, str], int | None], ...] = ()


@dataclass(slots=True)
class Tree:
    """Files and folders as nodes, with their names: (folder, name) -> node. Folders have no content."""

    names: dict[tuple[int, str], int] = field(default_factory=dict)
    content: dict[int, bytearray] = field(default_factory=dict)
    count: int = 0

    @classmethod
    def of(cls, home: Path) -> "Tree":
        tree = cls()
        for place, folders, files in os.walk(home):
            node = tree.find(Path(place).relative_to(home))
            assert node is not None
            for name in folders:
                tree.names[node, name] = tree.new()
            for name in files:
                tree.names[node, name] = made = tree.new()
                tree.content[made] = bytearray(Path(place, name).read_bytes())
        return tree

    def copy(self) -> "Tree":
        return Tree(dict(self.names), {node: bytearray(made) for node, made in self.content.items()}, self.count)

    def new(self) -> int:
        self.count += 1
        return self.count

    def find(self, path: Path) -> int | None:
        node: int | None = 0
        for part in path.parts:
            node = self.names.get((node, part)) if node is not None else None
        return node

    def entry(self, path: Path) -> tuple[int, str] | None:
        folder = self.find(path.parent)
        return None if folder is None else (folder, path.name)

    def apply(self, change: Change) -> None:
        if change.what == "name":
            for entry, node in change.entries:
                if node is None:
                    self.names.pop(entry, None)
                else:
                    self.names[entry] = node
            if change.node:
                self.content.setdefault(change.node, bytearray())
        elif change.what in ("write", "cut"):
            content = self.content.setdefault(change.node, bytearray())
            if change.what == "cut":
                del content[change.offset :]
            content.extend(bytes(max(0, change.offset - len(content))))
            content[change.offset : change.offset + len(change.data)] = change.data

    def write_to(self, home: Path, folder: int = 0) -> None:
        """Makes all of it real, below `home`."""
        home.mkdir(mode=0o700, exist_ok=True)
        for (place, name), node in self.names.items():
            if place == folder and node in self.content:
                (home / name).write_bytes(self.content[node])
                (home / name).chmod(0o600)
            elif place == folder:
                self.write_to(home / name, node)


@dataclass(slots=True)
class Traced:
    """How it ended (negative: by this signal), what it said, and its changes."""

    code: int
    stdout: str
    stderr: str
    changes: list[Change]


def trace(
    arguments: Sequence[str],
    person: Person,
    *,
    given: str = "",
    kill_at: int = -1,
    at: tuple[int, Callable[[], object]] | None = None,
) -> Traced:
    """Runs a command of `person`; see above. Changes count from 0."""
    calls = ",".join(map(str, _CALLS[os.uname().machine]))
    out, err = (person.home.parent / f"{person.home.name}.{name}" for name in ("stdout", "stderr"))
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-ISc", _BEGIN, calls, *arguments], cwd=person.home, env=person.environment,
            stdin=subprocess.PIPE, stdout=stdout, stderr=stderr,
        )  # fmt: skip
    assert process.stdin is not None
    with process.stdin:
        process.stdin.write(given.encode())
    one = _Tracer(process.pid, person.home.resolve(), kill_at, at)
    process.returncode = one.run()
    return Traced(process.returncode, out.read_text(), err.read_text(), one.changes)


class _Tracer:
    def __init__(self, main: int, home: Path, kill_at: int, at: tuple[int, Callable[[], object]] | None) -> None:
        self.changes: list[Change] = []
        self._main, self._home, self._kill_at, self._at = main, home, kill_at, at
        self._tree = Tree.of(home)
        self._calls = _CALLS[os.uname().machine]
        self._begun: dict[int, Callable[[int], Change | None]] = {}  # by thread: what its call will have changed
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.ptrace.restype = ctypes.c_long
        self._libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        self._info = ctypes.create_string_buffer(88)

    def run(self) -> int:
        """Until the end of the command; how it ended."""
        pid, status = os.waitpid(self._main, _WALL)
        assert os.WIFSTOPPED(status), "the system lets nobody be traced"
        self._ptrace(_SETOPTIONS, pid, _OPTIONS)
        known, ended = {self._main}, None
        self._ptrace(_CONT, pid, 0)
        while known:
            pid, status = os.waitpid(-1, _WALL)
            if not os.WIFSTOPPED(status):
                known.discard(pid)
                if pid == self._main:
                    ended = os.waitstatus_to_exitcode(status)
                continue
            forward, onward = 0, _CONT
            stopped = os.WSTOPSIG(status)
            if status >> 16 == _BY_FILTER:
                self._call(pid)
                onward = _SYSCALL if pid in self._begun else _CONT  # to the end of a call that matters
            elif stopped == signal.SIGTRAP | 0x80:
                self._call(pid)
            elif status >> 16 == 0 and pid in known and stopped not in (signal.SIGTRAP, signal.SIGSTOP):
                forward = stopped
            known.add(pid)
            self._ptrace(onward, pid, forward)
        assert ended is not None
        return ended

    def _ptrace(self, request: int, pid: int, data: int) -> None:
        self._libc.ptrace(request, pid, None, data)  # it fails for who has just been killed: nothing to do

    def _call(self, pid: int) -> None:
        """At the beginning or the end of a call."""
        self._libc.ptrace(_INFO, pid, ctypes.sizeof(self._info), ctypes.addressof(self._info))
        if self._info.raw[0] == 3:  # stopped by the filter: number and arguments
            number, *words = struct.unpack_from("<7Q", self._info.raw, 24)
            name = self._calls.get(number)
            if name is not None and (change := self._meant(pid, name, words)) is not None:
                self._begun[pid] = change
                if self._at is not None and len(self.changes) == self._at[0]:
                    action, self._at = self._at[1], None
                    action()
                if len(self.changes) == self._kill_at:
                    self._kill_at = -1
                    os.kill(self._main, signal.SIGKILL)
        elif self._info.raw[0] == 2 and pid in self._begun:  # exit: what it gave
            (result,) = struct.unpack_from("<q", self._info.raw, 24)
            begun = self._begun.pop(pid)
            if result >= 0 and (change := begun(result)) is not None:
                self._tree.apply(change)
                self.changes.append(change)

    # ---- what a call is about to change ---------------------------------------------------------

    def _meant(self, pid: int, name: str, words: list[int]) -> Callable[[int], Change | None] | None:
        """What makes the change of a call, once its result is known; None where it changes nothing here."""
        first = ctypes.c_int32(words[0] & 0xFFFFFFFF).value
        if name in ("write", "pwrite", "writev", "sendfile", "copy"):
            return self._written(
                pid, words[2] & 0xFFFFFFFF if name == "copy" else first, words[3] if name == "pwrite" else None
            )
        if name in ("fsync", "ftruncate", "fallocate"):
            node = self._node(pid, first)
            if node is None:
                return None
            assert name != "fallocate", "not known here"
            change = Change("sync", node) if name == "fsync" else Change("cut", node, words[1])
            return lambda _: change
        if name.endswith("at"):
            path = self._path(pid, first, words[1])
            rest = words[2:]
        else:
            path = self._path(pid, _HERE, words[0])
            rest = words[1:]
        if path is None:
            return None
        assert name not in ("link", "linkat", "truncate", "creat"), f"{name}: not known here"
        if name in ("open", "openat"):
            return self._opened(path, rest[0])
        entry = self._tree.entry(path)
        if entry is None:
            return None
        if name in ("mkdir", "mkdirat"):
            change = Change("name", entries=((entry, self._tree.new()),))
        elif name in ("rename", "renameat"):
            old_at = name == "renameat"
            where = ctypes.c_int32(rest[0] & 0xFFFFFFFF).value if old_at else _HERE
            to = self._path(pid, where, rest[1] if old_at else rest[0])
            target = self._tree.entry(to) if to is not None else None
            assert target is not None, "moved out of the folder"
            change = Change("name", entries=((entry, None), (target, self._tree.find(path))))
        else:
            change = Change("name", entries=((entry, None),))
        return lambda _: change

    def _opened(self, path: Path, flags: int) -> Callable[[int], Change | None] | None:
        node, entry = self._tree.find(path), self._tree.entry(path)
        if node is None and flags & os.O_CREAT and entry is not None:
            made = self._tree.new()
            self._tree.content[made] = bytearray()
            change = Change("name", made, entries=((entry, made),))
        elif node is not None and flags & os.O_TRUNC:
            change = Change("cut", node, 0)
        else:
            return None
        return lambda _: change

    def _written(self, pid: int, number: int, offset: int | None) -> Callable[[int], Change | None] | None:
        if number == 1 and self._node(pid, 1) is None:
            return lambda _: Change("said")
        node = self._node(pid, number)
        if node is None:
            return None
        begin = offset
        if begin is None:
            told = Path(f"/proc/{pid}/fdinfo/{number}").read_text()
            position, flags = (
                int(line.split()[1], base) for line, base in zip(told.splitlines(), (10, 8), strict=False)
            )
            begin = len(self._tree.content[node]) if flags & os.O_APPEND else position
        start = begin

        def change(result: int) -> Change:
            with Path(f"/proc/{pid}/fd/{number}").open("rb") as file:
                return Change("write", node, start, os.pread(file.fileno(), result, start))

        return change

    def _node(self, pid: int, number: int) -> int | None:
        """Of an open file or folder below `home`."""
        try:
            path = Path(f"/proc/{pid}/fd/{number}").readlink()
        except OSError:
            return None
        return self._tree.find(path.relative_to(self._home)) if path.is_relative_to(self._home) else None

    def _path(self, pid: int, folder: int, address: int) -> Path | None:
        """What a path in memory names, below `home`."""
        with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
            memory.seek(address)
            text = b""
            while b"\0" not in text:
                text += memory.read(min(256, 4096 - (address + len(text)) % 4096))
        place = Path(f"/proc/{pid}/cwd" if folder == _HERE else f"/proc/{pid}/fd/{folder}").readlink()
        path = Path(os.path.normpath(place / os.fsdecode(text.split(b"\0")[0])))
        return path.relative_to(self._home) if path.is_relative_to(self._home) else None
