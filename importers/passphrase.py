"""The key that a passphrase makes, by the words in a file's header.

    scrypt 17 8 1 5d41402abc4b2a76b9719d911017c592          # log2 N, r, p, and a salt of the file's own

By default 128 MiB and a third of a second for each guess. A file may ask for 64 MiB at least, so that guessing stays
dear, and for 1 GiB at most: whoever changes it must not stop the machine.
"""

import re
import secrets
import unicodedata
from typing import NamedTuple

from pipeline.issues import Stop

WORDS = rb"scrypt ([0-9]{1,2}) ([0-9]{1,2}) ([0-9]) ([0-9a-f]{32})"
SHORTEST = 10  # characters of a passphrase that no patient guesser comes to

_DEFAULT = (17, 8, 1)
_LEAST, _MOST = 1 << 19, 1 << 23  # r N, of 128 bytes each


class Scrypt(NamedTuple):
    """How a key is derived: N is 2 to the `log_n`."""

    log_n: int
    r: int
    p: int
    salt: bytes


def new_words() -> bytes:
    """For the header of a new file."""
    return b"scrypt %d %d %d %s" % (*_DEFAULT, secrets.token_hex(16).encode())


def scrypt_of(header: bytes) -> Scrypt | None:
    """What the words in a header ask for; None where there are none, or too cheap or too dear ones."""
    found = re.search(WORDS, header)
    if found is None:
        return None
    log_n, r, p = (int(found[n]) for n in (1, 2, 3))
    fair = 15 <= log_n <= 20 and 1 <= r <= 16 and 1 <= p <= 4 and _LEAST <= r << log_n <= _MOST
    return Scrypt(log_n, r, p, bytes.fromhex(found[4].decode())) if fair else None


def key_of(passphrase: str, by: Scrypt) -> bytes:
    """32 bytes, the same however the passphrase's letters were composed. Raises Stop without the memory."""
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt as Derivation

    text = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
    try:
        return Derivation(salt=by.salt, length=32, n=1 << by.log_n, r=by.r, p=by.p).derive(text)
    except MemoryError:
        size = (by.r << by.log_n) >> 13
    raise Stop(f"a passphrase takes {size} MiB of memory, which are not free; close something, run again")
