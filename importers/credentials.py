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
_TEXT = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)  # a text of JSON, whose braces count for nothing
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----\n(?:[A-Za-z0-9+/=]+\n)+-----END \1-----")
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
    is: its privateKey only signs requests, and what has no name in ccxt ("") is left out. White space around a
    value goes. `exchange` is the name that messages show.
    """
    where = f"credentials of {shown(exchange)}"
    if len(text) > _TEXT_LIMIT:
        raise VaultError(f"{where}: larger than {_TEXT_LIMIT // 1000} kB; give one JSON object, see keys add --help")
    pairs = _object_pairs(text.lstrip("\ufeff"))
    if pairs is None:
        example = ", ".join(f'"{name}": "..."' for name in needed)
        raise VaultError(f"{where}: not one JSON object; give {{{example}}}")
    if pairs and all(name in key_file for name, _ in pairs):
        pairs = [(key_file[name], value) for name, value in pairs if key_file[name]]
    elif set(needed) <= {key_file.get(name) for name, _ in pairs}:
        wanted = " and ".join(name for name, _ in pairs if key_file.get(name))
        raise VaultError(f"{where}: the key file has a name that taxsync does not know; leave only {wanted} in it")
    names = [name for name, _ in pairs]
    _check_names(names, needed, where)
    return Credentials({name: _clean(value, f"{where}: {name}", name == "password") for name, value in pairs})


def goes_on(text: str) -> bool:
    """Whether what was pasted so far begins a key block or a JSON object whose end has still to come."""
    begun = text.lstrip("\ufeff \t\r\n")
    if len(text) > _TEXT_LIMIT:
        return False
    if begun.startswith("-----BEGIN"):
        return re.search(r"-----END[^\n]*-----", begun) is None
    if is_object(text):
        bare = _TEXT.sub("", begun)
        return bare.count("{") > bare.count("}")
    return False


def is_object(text: str) -> bool:
    """Whether what was pasted is a JSON object, such as a key file, and no single credential."""
    return text.lstrip("\ufeff \t\r\n").startswith("{")


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
            raise VaultError(f"{where}: has {what} which is not one of the names it takes; give {expected}")
        if names.count(name) > 1:
            raise VaultError(f"{where}: {name} is given twice; give it once")
    if missing := [name for name in needed if name not in names]:
        raise VaultError(f"{where}: {', '.join(missing)} is missing; needed: {expected}")


def _clean(value: object, where: str, spaces: bool) -> str:
    """The value as it signs. `spaces`: the person chose it, so it may have spaces inside."""
    if not isinstance(value, str):
        raise VaultError(f"{where} must be text in quotes")
    text = value.strip()
    if text.startswith("-----BEGIN "):  # its line breaks may have been written out, as in an environment file
        text = text.replace("\\r", "").replace("\\n", "\n")
        text = "\n".join(line.strip() for line in text.splitlines() if line.strip())
        if not _PEM.fullmatch(text):
            raise VaultError(
                f"{where} is no whole key block: copy it again, from -----BEGIN to -----END, with its line breaks"
            )
        return text
    if not text:
        raise VaultError(f"{where} is empty; copy it again from the exchange")
    if not text.isascii():
        raise VaultError(f"{where} has characters that are not ASCII; copy it again from the exchange")
    if not text.isprintable():
        raise VaultError(f"{where} has a line break or control character inside; copy it again from the exchange")
    if " " in text and not spaces:
        raise VaultError(f"{where} has a space inside; copy it again from the exchange")
    return text
