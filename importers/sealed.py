"""A file under a passphrase, of any size: written and read a chunk at a time.

    with sealing(file, passphrase) as sealed: sealed.write(...)
    with unsealing(file, passphrase, "my.backup") as plain: plain.read(...)

One header line in clear (scrypt's parameters and a salt of its own), then chunks under AES-256-GCM, as the vault has
them, with the header as associated data. A chunk's nonce is its number and whether it is the last (the STREAM
construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015, as `age` has it; from memory): the key is this file's
alone, so no nonce comes twice, and a chunk that is changed, lost, moved or added does not open. What was read counts
only once `unsealing` has ended without an error.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Protocol

from importers.passphrase import WORDS, key_of, new_words, scrypt_of
from pipeline.issues import Stop

CHUNK = 1 << 18  # bytes of plain text

_TAG = 16  # bytes that GCM adds
_HEADER = re.compile(rb"taxsync backup 1 " + WORDS + rb"\n")
_LONGEST = 80  # bytes of a header


class SealedError(Stop):
    """The file does not open: one readable line."""


class Reader(Protocol):
    """What a sealed file gives: `read` as a file does, whose end is b""."""

    def read(self, size: int, /) -> bytes: ...


class Sealing:
    """A file to write to; what is written is encrypted by the chunk."""

    def __init__(self, file: BinaryIO, cipher: Any, header: bytes) -> None:
        self._file, self._cipher, self._header = file, cipher, header
        self._number, self._rest = 0, bytearray()

    def write(self, content: bytes) -> int:
        self._rest += content
        while len(self._rest) > CHUNK:  # a full one stays, as it may be the last
            self._put(bytes(self._rest[:CHUNK]), last=False)
            del self._rest[:CHUNK]
        return len(content)

    def end(self) -> None:
        self._put(bytes(self._rest), last=True)

    def _put(self, chunk: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last), chunk, self._header))
        self._number += 1


class Unsealing:
    """A file to read from. Raises SealedError at what is not as it was written."""

    def __init__(self, file: BinaryIO, cipher: Any, header: bytes, name: str) -> None:
        self._file, self._cipher, self._header, self._name = file, cipher, header, name
        self._number, self._rest, self._ended = 0, b"", False
        self._next = file.read(CHUNK + _TAG)
        self._open()  # a wrong passphrase is told before anything is done

    def read(self, size: int, /) -> bytes:
        parts: list[bytes] = []
        while size > 0 and (self._rest or not self._ended):
            if not self._rest:
                self._open()
            parts.append(self._rest[:size])
            self._rest = self._rest[size:]
            size -= len(parts[-1])
        return b"".join(parts)

    def _open(self) -> None:
        from cryptography.exceptions import InvalidTag

        sealed, self._next = self._next, self._file.read(CHUNK + _TAG)
        self._ended = not self._next
        try:
            self._rest = self._cipher.decrypt(_nonce(self._number, self._ended), sealed, self._header)
        except (InvalidTag, ValueError):  # ValueError: shorter than a tag
            if self._number:
                why = "is damaged, or cut short: use another backup"
            else:
                why = "does not open: a wrong passphrase, or the file is damaged: try it again, or another backup"
            raise SealedError(f"{self._name} {why}; nothing was written") from None
        self._number += 1


@contextmanager
def sealing(file: BinaryIO, passphrase: str) -> Iterator[Sealing]:
    """Writes a sealed file; without its end, which an error keeps from it, it does not open."""
    header = b"taxsync backup 1 %s\n" % new_words()
    sealed = Sealing(file, _cipher(passphrase, header), header)
    file.write(header)
    yield sealed
    sealed.end()


@contextmanager
def unsealing(file: BinaryIO, passphrase: str, name: str) -> Iterator[Unsealing]:
    """Reads a sealed file, to its end. Raises SealedError, which calls it `name`."""
    header = file.readline(_LONGEST)
    if not is_sealed(header):
        raise SealedError(f"{name} is no backup of taxsync; nothing was written: name what `taxsync backup` wrote")
    plain = Unsealing(file, _cipher(passphrase, header), header, name)
    yield plain
    while plain.read(CHUNK):
        pass


def is_sealed(header: bytes) -> bool:
    """Whether a first line is that of a sealed file."""
    return _HEADER.fullmatch(header) is not None and scrypt_of(header) is not None


def _cipher(passphrase: str, header: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    scrypt = scrypt_of(header)
    assert scrypt is not None
    return AESGCM(key_of(passphrase, scrypt))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
