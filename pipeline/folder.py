"""The data folder and the private files in it: what only its owner may read, whole or not at all.

Folders are made 0700 and files 0600 (by the program's own umask: `process`); a link in a file's place is never
followed when writing. Errors are OSErrors, which the caller words; standard library only.
"""

import errno
import glob
import os
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path

VAULT = "vault.bin"  # in it: the encrypted file of keys

_NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT: int = getattr(os, "O_NONBLOCK", 0)
_BINARY: int = getattr(os, "O_BINARY", 0)
_READ_ONLY = os.O_RDONLY | _NO_WAIT | _BINARY


def make_folder(folder: Path) -> None:
    """Makes the data folder, closed to others and to git. One that exists is closed to git only, where nothing is
    said of that yet."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        if not folder.is_dir():
            raise
    if not os.path.lexists(folder / ".gitignore"):
        write_private(folder / ".gitignore", b"*\n")


def create_private(path: Path) -> None:
    """Makes an empty file 0600 unless there is one; what is no plain file of its own is refused."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW | _BINARY, 0o600))
    except FileExistsError:
        require_plain(path)


def require_plain(path: Path) -> None:
    """Raises OSError unless `path` is a file itself: no link, folder, pipe or device."""
    if path.is_symlink():
        raise OSError(errno.ELOOP, "is a link to another file", str(path))
    descriptor = os.open(path, _READ_ONLY | _NO_FOLLOW)
    try:
        _require_regular(descriptor, path)
    finally:
        os.close(descriptor)


def read_bounded(path: Path, limit: int) -> bytes:
    """The bytes of a file. Raises OSError when it is no file or larger than `limit` bytes."""
    descriptor = os.open(path, _READ_ONLY)  # a pipe must not hang: opened without waiting, then looked at
    with os.fdopen(descriptor, "rb") as file:
        _require_regular(descriptor, path)
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"is larger than {limit // 1024} kB", str(path))
    return content


def write_private(path: Path, content: bytes) -> None:
    """Replaces the file `path` in one step: after a power cut it holds the old content or the new.

    A full disk raises OSError and leaves the old content. What a write that was killed has left beside it goes.
    """
    _clear_left(path)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    sync_folder(path.parent)


def replace_private(made: Path, path: Path) -> None:
    """Gives the file `made` the name `path`, whatever has it; its content and its name are on the disk then."""
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    made.replace(path)
    sync_folder(path.parent)


def overwrite_private(path: Path, content: bytes) -> None:
    """Writes a file that may be lost or half there after a kill: nothing beside it is ever left."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _NO_FOLLOW | _NO_WAIT | _BINARY
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)


def sync_folder(folder: Path) -> None:
    """New names in it reach the disk themselves; some systems can't do that for folders."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def open_to_others(*paths: Path) -> list[Path]:
    """Those of `paths` that other users of this machine may read or change."""
    if os.name != "posix":
        return []
    return [path for path in paths if path.exists() and path.stat().st_mode & 0o077]


def _clear_left(path: Path) -> None:
    """Removes what writes of `path` have left that were killed; another that is at work now needs no hour."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.{'?' * 8}"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > 3600:
                left.unlink()


def _require_regular(descriptor: int, path: Path) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError(errno.EINVAL, "is not a file", str(path))
