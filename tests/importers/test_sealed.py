"""A sealed file: what is not just as it was written does not open, however it came about."""

import io
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from importers.sealed import CHUNK, SealedError, Sealing, Unsealing, is_sealed, sealing, unsealing

KEY, HEADER = AESGCM(bytes(32)), b"a header\n"
PIECE = CHUNK + 16  # a chunk as it is written


def sealed(plain: bytes, header: bytes = HEADER) -> bytes:
    file = io.BytesIO()
    one = Sealing(file, KEY, header)
    for start in range(0, len(plain), 100_001):
        one.write(plain[start : start + 100_001])
    one.end()
    return file.getvalue()


def unsealed(content: bytes, header: bytes = HEADER) -> bytes:
    one = Unsealing(io.BytesIO(content), KEY, header, "my.backup")
    return b"".join(iter(lambda: one.read(70_001), b""))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5])
def test_what_was_written_is_read(size: int) -> None:
    plain = bytes(n % 251 for n in range(1000)) * (size // 1000 + 1)
    assert unsealed(sealed(plain[:size])) == plain[:size]


def flipped(at: int) -> Callable[[bytes], bytes]:
    return lambda whole: whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]


TAMPERED: dict[str, Callable[[bytes], bytes]] = {
    "a bit of the first chunk": flipped(0),
    "a bit of the second chunk": flipped(PIECE + 7),
    "a bit of the last tag": flipped(-1),
    "cut after the first chunk": lambda whole: whole[:PIECE],
    "cut after the second chunk": lambda whole: whole[: 2 * PIECE],
    "cut in a chunk": lambda whole: whole[: PIECE + 100],
    "cut in a tag": lambda whole: whole[:-1],
    "empty": lambda whole: b"",
    "less than a tag": lambda whole: whole[:5],
    "two chunks swapped": lambda whole: whole[PIECE : 2 * PIECE] + whole[:PIECE] + whole[2 * PIECE :],
    "a chunk twice": lambda whole: whole[:PIECE] + whole,
    "the first chunk gone": lambda whole: whole[PIECE:],
    "a middle chunk gone": lambda whole: whole[:PIECE] + whole[2 * PIECE :],
    "a byte behind the end": lambda whole: whole + b"\0",
    "the file twice": lambda whole: whole + whole,
    "a chunk of another file": lambda whole: sealed(b"x" * 3 * CHUNK, b"another\n")[:PIECE] + whole[PIECE:],
}


@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=TAMPERED)
def test_what_was_changed_does_not_open(tamper: Callable[[bytes], bytes]) -> None:
    whole = sealed(bytes(2 * CHUNK + 500))
    with pytest.raises(SealedError, match=r"^my\.backup (is damaged|does not open).*; nothing was written$"):
        unsealed(tamper(whole))


def test_a_changed_header_does_not_open_and_one_that_asks_for_too_much_or_too_little_is_none() -> None:
    with pytest.raises(SealedError, match="does not open"):
        unsealed(sealed(b"x"), b"A header\n")
    salt = b"0" * 32
    assert is_sealed(b"taxsync backup 1 scrypt 17 8 1 %s\n" % salt)
    for parameters in (b"14 8 1", b"21 8 1", b"17 16 4 4", b"20 16 1", b"17 8 9", b"17 0 1"):
        assert not is_sealed(b"taxsync backup 1 scrypt %s %s\n" % (parameters, salt))


def test_a_passphrase_opens_its_file_however_its_letters_were_composed() -> None:
    file = io.BytesIO()
    with sealing(file, "pass phrase \u00e9") as one:
        one.write(b"what I own")
    assert b"own" not in file.getvalue()
    file.seek(0)
    with unsealing(file, "pass phrase e\u0301", "my.backup") as plain:
        assert plain.read(100) == b"what I own"
    for passphrase, content in (("another", file.getvalue()), ("another", b"no backup\n")):
        with ExitStack() as stack, pytest.raises(SealedError):
            stack.enter_context(unsealing(io.BytesIO(content), passphrase, "my.backup"))


def test_a_file_that_was_not_ended_does_not_open() -> None:
    file = io.BytesIO()
    one = Sealing(file, KEY, HEADER)
    one.write(bytes(3 * CHUNK))
    with pytest.raises(SealedError):
        unsealed(file.getvalue())
