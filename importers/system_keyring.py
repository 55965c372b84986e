"""The operating system's keyring: keeps one random key per vault, gives it back, or says why not.

Only keyrings that are known to keep secrets secret are used, whatever else is installed, and every
call has an end. What goes wrong is an `Unusable`, whose text ends a sentence and shows no secret.
"""

import queue
import re
import secrets
import threading
from collections.abc import Callable
from typing import Any

_SERVICE = "taxsync"  # the name under which the keyring lists the key
_PATIENCE = 3.0  # seconds that a keyring has to answer: a prompt nobody sees must not hang an import
_KNOWN = frozenset(
    {
        "keyring.backends.macOS.Keyring",
        "keyring.backends.Windows.WinVaultKeyring",
        "keyring.backends.SecretService.Keyring",
        "keyring.backends.kwallet.DBusKeyring",
        "keyring.backends.kwallet.DBusKeyringKWallet4",
        "keyring.backends.libsecret.Keyring",
    }
)  # others keep keys in clear or forget them, silently
_CHAIN = "keyring.backends.chainer.ChainerBackend"


class Unusable(Exception):
    """Why the keyring of this system can't be used, as the end of a sentence."""


def new_key() -> tuple[str, bytes]:
    """(random id, 32 random bytes) of a new vault, which the keyring has been seen to keep."""
    vault_id, key = secrets.token_hex(16), secrets.token_hex(32)

    def store() -> str | None:
        backend = _backend()
        backend.set_password(_SERVICE, vault_id, key)
        found: str | None = backend.get_password(_SERVICE, vault_id)
        return found

    if _bounded(store) != key:
        raise Unusable("it did not give back what was written into it")
    return vault_id, bytes.fromhex(key)


def fetch_key(vault_id: str) -> bytes | None:
    """The key of a vault; None when the keyring has none for it."""

    def fetch() -> str | None:
        found: str | None = _backend().get_password(_SERVICE, vault_id)
        return found

    key = _bounded(fetch)
    if key is None:
        return None
    if not re.fullmatch(r"[0-9a-f]{64}", key):
        raise Unusable("what it holds for this vault is no key of taxsync")
    return bytes.fromhex(key)


def _backend() -> Any:
    """The keyring of this system, if it is one that is known to keep secrets secret."""
    import keyring

    backend = keyring.get_keyring()
    name = _class(backend)
    usable = [_class(each) for each in backend.backends] if name == _CHAIN else [name]  # type: ignore[attr-defined]
    if not usable or usable == ["keyring.backends.fail.Keyring"]:
        raise Unusable("this system has none")
    if unknown := [each for each in usable if each not in _KNOWN]:
        raise Unusable(f"{', '.join(unknown)} is not known to be safe")
    return backend


def _class(backend: object) -> str:
    return f"{type(backend).__module__}.{type(backend).__qualname__}"


def _bounded(call: Callable[[], str | None]) -> str | None:
    """What `call` gives; `Unusable` when it fails or takes longer than `_PATIENCE`.

    A daemon thread, so that a keyring that never answers doesn't keep the program alive either.
    """
    answers: queue.SimpleQueue[str | Unusable | None] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put(call())
        except Unusable as why:
            answers.put(why)
        except BaseException as error:  # noqa: BLE001  # whatever a system raises; its text may hold anything
            answers.put(Unusable(f"it answered {type(error).__name__}; unlock it and run again"))

    threading.Thread(target=run, daemon=True, name="keyring").start()
    try:
        answer = answers.get(timeout=_PATIENCE)
    except queue.Empty:
        answer = Unusable(f"it did not answer within {_PATIENCE:g} s; unlock it and run again")
    if isinstance(answer, Unusable):
        raise answer
    return answer
