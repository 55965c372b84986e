"""Keys at rest: takes credentials, gives them back by name; on the disk they are only ever encrypted.

`vault.bin` in the data folder is one header line in clear, a nonce and a bundle under AES-256-GCM with
the header as associated data. Its key comes from a passphrase (scrypt) or is a random one in the
operating system's keyring, under the random id in the header: one format, no size limit of a keyring.
What does not open as a whole is refused in one line; no message repeats a secret. One process at a
time may write: the caller holds the data folder's lock.
"""

import json
import os
import re
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from msgspec import Struct

from importers import system_keyring
from importers.base import shown
from importers.credentials import Credentials, VaultError, read_credentials
from importers.passphrase import SHORTEST, WORDS, key_of, new_words, scrypt_of
from pipeline.folder import VAULT, write_private

__all__ = ["Credentials", "Entry", "PassphraseNeeded", "Vault", "VaultError", "open_vault", "read_credentials"]

FILE_NAME = VAULT
FILE, KEYRING = "encrypted file", "keyring"

_LIMIT = 1_000_000  # bytes of vault.bin
_NONCE = 12  # bytes, as AES-GCM wants
_HEADER = re.compile(rb"taxsync vault 1 (?:keyring ([0-9a-f]{32})|" + WORDS + rb")\n")


class PassphraseNeeded(VaultError):
    """The encrypted file wants a passphrase. `new`: there is no vault yet, so ask for it twice."""

    def __init__(self, new: bool) -> None:
        what = "to make the encrypted file of keys" if new else f"to open {FILE_NAME}"
        super().__init__(f"a passphrase is needed {what}: set TAXSYNC_PASSPHRASE, or run this on a terminal")
        self.new = new


class Entry(Struct, frozen=True):
    """A stored key as it may be shown. `added`: ISO day; `starts`: at most 4 characters of the apiKey;
    `allow`: the extras that the user allowed ("trade", "unverified"); `store`: where it is kept.
    """

    name: str
    exchange: str
    added: str
    starts: str
    allow: tuple[str, ...]
    store: str


class Vault:
    """The keys of one data folder, by name. The encryption key is derived once, when it is opened.

    `store` says for people where keys are kept; `note` is a line when that isn't what was asked
    for or expected, else ""; `weak`: the passphrase that was chosen for it now is soon guessed.
    """

    def __init__(self, path: Path, choice: str, passphrase: str | None) -> None:
        self._path, self._choice, self._passphrase = path, choice, passphrase
        self._header, self._key = b"", b""
        self.store, self.note, self.weak = FILE if choice == "file" else KEYRING, "", False

    def __repr__(self) -> str:
        return f"<vault of keys: {self.store}>"

    def entries(self) -> list[Entry]:
        """Every stored key, by name; [] while there is no vault."""
        return [_entry(name, item, self.store) for name, item in sorted(self._read().items())]

    def get(self, name: str) -> Credentials:
        return Credentials(_known(self._read(), name)["credentials"])

    def put(
        self,
        name: str,
        exchange: str,
        added: str,
        allow: tuple[str, ...],
        credentials: Credentials,
        *,
        replace: bool = False,
    ) -> Entry:
        """Stores a key under a new name, or with `replace` in the place of one that is there.

        `name` is an account's, as the settings allow it.
        """
        self.make()
        if not replace:
            self.require_free(name)
        items = self._read()
        values = credentials.reveal()
        starts = values.get("apiKey", "")
        starts = starts[: min(4, len(starts) // 4)]  # of a short one, less
        items[name] = {
            "exchange": exchange,
            "added": added,
            "starts": starts,
            "allow": list(allow),
            "credentials": values,
        }
        self._write(items)
        return _entry(name, items[name], self.store)

    def require_free(self, name: str) -> None:
        """Raises VaultError when there is a key of this name."""
        if name in self._read():
            cure = f"give another --name, or `taxsync keys remove {name}` first"
            raise VaultError(f"there is already a key '{name}': {cure}")

    def remove(self, name: str) -> Entry:
        """Forgets a key here; at the exchange it lives on until it is revoked there."""
        items = self._read()
        item = _known(items, name)
        del items[name]
        self._write(items)
        return _entry(name, item, self.store)

    def _open(self, content: bytes) -> Self:
        """Finds the key that the header of an existing file asks for, and tries it."""
        header = _header(content)
        if header is None:
            raise self._damaged()
        scrypt = scrypt_of(header)
        self.store = KEYRING if scrypt is None else FILE
        if scrypt is None:
            self._key = self._key_from_keyring(header)
        elif self._passphrase:
            self._key = key_of(self._passphrase, scrypt)
        else:
            raise PassphraseNeeded(new=False)
        self._header = header
        self._read()
        wanted = {"file": FILE, "keyring": KEYRING}.get(self._choice, self.store)
        if wanted != self.store:
            self.note = f"keys stay where {FILE_NAME} was made for: {self.store}, not {wanted}"
        return self

    def _key_from_keyring(self, header: bytes) -> bytes:
        reason = "it holds no key for this vault (made on another system or by another user, or damaged)"
        try:
            if (key := system_keyring.fetch_key(_vault_id(header))) is not None:
                return key
        except system_keyring.Unusable as why:
            reason = str(why)
        cure = "use it where it was made, or move it away and add the keys again"
        raise VaultError(f"{FILE_NAME} can't be opened with this system's keyring: {reason}; {cure}")

    def make(self) -> None:
        """Makes an empty vault where there is none: in the keyring if one works, else by passphrase.

        Raises PassphraseNeeded.
        """
        if self._header:
            return
        if _read_file(self._path) is not None:
            raise self._changed()
        if self._choice == "file" or not self._with_keyring():
            self._with_passphrase()
        self._write({})

    def _with_keyring(self) -> bool:
        try:
            vault_id, self._key = system_keyring.new_key()
        except system_keyring.Unusable as why:
            if self._choice == "keyring":
                remedy = "set TAXSYNC_VAULT=file for an encrypted file"
                raise VaultError(f"the keyring of this system can't be used: {why}; {remedy}") from None
            self.note = f"no keyring can be used ({why}): keys are kept in an encrypted file, {FILE_NAME}"
            return False
        self._header = b"taxsync vault 1 keyring %s\n" % vault_id.encode()
        self.store = KEYRING
        return True

    def _with_passphrase(self) -> None:
        self.store = FILE
        if not self._passphrase:
            raise PassphraseNeeded(new=True)
        header = b"taxsync vault 1 %s\n" % new_words()
        scrypt = scrypt_of(header)
        assert scrypt is not None
        self._header, self._key = header, key_of(self._passphrase, scrypt)
        self.weak = len(self._passphrase) < SHORTEST

    def _read(self) -> dict[str, Any]:
        """The entries as they are on the disk now, whole or not at all."""
        content = _read_file(self._path)
        if content is None and not self._header:
            return {}
        if content is None or not self._header or _header(content) not in (self._header, None):
            raise self._changed()
        plain = _unseal(self._key, content)
        if plain is None:
            raise self._damaged()
        bundle = json.loads(plain)
        if bundle.get("version") != 1:
            raise VaultError(f"{self._path} was written by a newer taxsync; update taxsync")
        entries: dict[str, Any] = bundle["entries"]
        return entries

    def _write(self, items: Mapping[str, Any]) -> None:
        content = _seal(self._key, self._header, json.dumps({"version": 1, "entries": items}).encode())
        if len(content) > _LIMIT:
            raise VaultError(f"{self._path} would grow over {_LIMIT // 1000} kB; remove keys that are not used")
        _write_private(self._path, content)

    def _damaged(self) -> VaultError:
        return VaultError(f"wrong passphrase or damaged vault: {self._path}; try it again, or restore a backup")

    def _changed(self) -> VaultError:
        return VaultError(f"{self._path} was made, replaced or removed meanwhile; run the command again")


def open_vault(folder: Path, choice: str, passphrase: str | None, *, create: bool = False) -> Vault:
    """The vault of the data folder `folder`, which exists; a vault that exists keeps its kind.

    `choice` is "" (a keyring where a known one works, else a file), "keyring" or "file". Without a
    file nothing is asked for until `put`, or with `create` at once. Raises `PassphraseNeeded` when
    the caller should ask for one and call again.
    """
    if choice not in ("", "keyring", "file"):
        raise VaultError(f"TAXSYNC_VAULT={shown(choice)}: must be keyring or file")
    vault = Vault(folder / FILE_NAME, choice, passphrase)
    content = _read_file(folder / FILE_NAME)
    if content is not None:
        return vault._open(content)
    if create:
        vault.make()
    return vault


def _entry(name: str, item: Mapping[str, Any], store: str) -> Entry:
    return Entry(name, item["exchange"], item["added"], item["starts"], tuple(item["allow"]), store)


def _known(items: Mapping[str, Any], name: str) -> Any:
    if name not in items:
        have = ", ".join(sorted(items)) or "none"
        raise VaultError(f"there is no key '{shown(name)}' here; name one that is stored: {have}")
    return items[name]


# The file: header, nonce, sealed bundle.


def _header(content: bytes) -> bytes | None:
    """The header line, or None for another file and for a scrypt that is too cheap or too dear."""
    found = _HEADER.match(content)
    if found is None or not (found[1] or scrypt_of(found[0])):
        return None
    return found[0]


def _vault_id(header: bytes) -> str:
    return header.split()[-1].decode()


def _seal(key: bytes, header: bytes, plain: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE)
    return header + nonce + AESGCM(key).encrypt(nonce, plain, header)


def _unseal(key: bytes, content: bytes) -> bytes | None:
    """The bundle, or None when anything at all, header included, is not as it was sealed."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    header = _header(content)
    if header is None:
        return None
    body = content[len(header) :]
    if len(body) < _NONCE + 16:
        return None
    try:
        return AESGCM(key).decrypt(body[:_NONCE], body[_NONCE:], header)
    except InvalidTag:
        return None


def _read_file(path: Path) -> bytes | None:
    """The bytes of a plain file, None when there is none; a link, pipe or huge file is refused."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if path.is_symlink():
        raise VaultError(f"{path} is a link; the vault must be a file of its own in the data folder")
    try:
        descriptor = os.open(path, flags)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise VaultError(f"{path} is not a file; move it away")
            content = file.read(_LIMIT + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise VaultError(f"{path} can't be read: {error.strerror or 'no reason given'}; check who may") from None
    if len(content) > _LIMIT:
        raise VaultError(f"{path} is larger than {_LIMIT // 1000} kB: not a vault of taxsync; move it away")
    return content


def _write_private(path: Path, content: bytes) -> None:
    """Replaces the vault, and takes along what a write that was killed has left beside it: nobody else writes now."""
    try:
        for left in path.parent.iterdir():
            if left.name.startswith(f".{path.name}."):
                with suppress(OSError):
                    left.unlink()
        write_private(path, content)
    except OSError as error:
        why = f"{error.strerror or 'no reason given'}; nothing changed, run again where it can"
        raise VaultError(f"{path} can't be written: {why}") from None
