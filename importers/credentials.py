"""What an exchange gave to sign with: takes a person's JSON text, gives secrets that print as ****.

No message repeats a value, nor a name that might be a value in the wrong place.
"""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NoReturn

from importers.base import shown
from pipeline.issues import Stop

_TEXT_LIMIT = 100_000  # characters of credentials on standard input
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----\r?\n(?:[A-Za-z0-9+/=]+\r?\n)+-----END \1-----")
_CCXT_NAMES = frozenset(
    "apiKey secret uid accountId login password twofa privateKey walletAddress token".split()
)  # what may be named in a message; any other name might be a value in the wrong place


class VaultError(Stop):
    """Keys can't be read or kept, in one line without any secret. Nothing was changed."""


class Credentials:
    """What an exchange gave to sign with, by ccxt's names. Prints as ****, can't be pickled or copied."""

    __slots__ = ("_secrets",)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._secrets = dict(values)

    def reveal(self) -> dict[str, str]:
        """The secrets themselves, for the one that signs."""
        return dict(self._secrets)

    def __repr__(self) -> str:
        return "****"

    def __format__(self, spec: str) -> str:
        return "****"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Credentials) and self._secrets == other._secrets

    __hash__ = None  # type: ignore[assignment]  # a hash would be a trace of the secret

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("credentials are not written anywhere but into the vault")


def read_credentials(
    text: str, needed: tuple[str, ...], exchange: str, key_file: Mapping[str, str] = MappingProxyType({})
) -> Credentials:
    """Credentials from one JSON object of ccxt's names, all of `needed` and no others.

    A file as this one exchange lets its keys be downloaded, whose names are all in `key_file`, is taken as it
    is: its privateKey only signs requests. White space around a value goes. `exchange` is the name that messages show.
    """
    where = f"credentials of {shown(exchange)}"
    if len(text) > _TEXT_LIMIT:
        raise VaultError(f"{where}: larger than {_TEXT_LIMIT // 1000} kB; give one JSON object, see keys add --help")
    pairs = _object_pairs(text.lstrip("\ufeff"))
    if pairs is None:
        example = ", ".join(f'"{name}": "..."' for name in needed)
        raise VaultError(f"{where}: not one JSON object; give {{{example}}}")
    if pairs and all(name in key_file for name, _ in pairs):
        pairs = [(key_file[name], value) for name, value in pairs]
    names = [name for name, _ in pairs]
    _check_names(names, needed, where)
    return Credentials({name: _clean(value, f"{where}: {name}") for name, value in pairs})


def _object_pairs(text: str) -> list[tuple[str, object]] | None:
    """The members of one JSON object in order, doubles and all; None for anything else.

    A parser's exception holds the text, so it must not become the context of ours.
    """

    class Members(list[tuple[str, object]]):
        pass

    try:
        found = json.loads(text, object_pairs_hook=Members)
    except (ValueError, RecursionError):
        return None
    return list(found) if isinstance(found, Members) else None


def _check_names(names: list[str], needed: tuple[str, ...], where: str) -> None:
    expected = ", ".join(needed)
    if "privateKey" in names or "privateKey" in needed:
        raise VaultError(f"{where}: a privateKey can move coins and is never taken; make a read-only API key instead")
    for name in names:
        if name not in needed:
            what = name if name in _CCXT_NAMES else "a name"
            raise VaultError(f"{where}: has {what} which is not one of the names it takes: {expected}")
        if names.count(name) > 1:
            raise VaultError(f"{where}: {name} is given twice; give it once")
    if missing := [name for name in needed if name not in names]:
        raise VaultError(f"{where}: {', '.join(missing)} is missing; needed: {expected}")


def _clean(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise VaultError(f"{where} must be text in quotes")
    text = value.strip()
    if text.startswith("-----BEGIN "):  # its line breaks may have been written out, as in an environment file
        text = text.replace("\\r", "").replace("\\n", "\n").strip()
    if not text:
        raise VaultError(f"{where} is empty; copy it again from the exchange")
    if _PEM.fullmatch(text):  # a key block has lines by nature
        return text.replace("\r", "")
    if not text.isascii():
        raise VaultError(f"{where} has characters that are not ASCII; copy it again from the exchange")
    if not text.isprintable():
        raise VaultError(f"{where} has a line break or control character inside; copy it again from the exchange")
    return text
