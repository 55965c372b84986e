"""The vault against damage, attack and misfortune: one line, nothing lost, never a part of what is in it.

A file that was changed anywhere, that asks for anything, that is no file; a keyring that keeps keys in clear,
loses them or never answers; a process that is killed while it writes.
"""

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from cryptography.hazmat.primitives.kdf import scrypt
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from importers import system_keyring
from importers.vault import Credentials, PassphraseNeeded, VaultError, open_vault
from tests.person import Person

SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="
KEY = Credentials({"apiKey": "abcdWXYZ0123456789", "secret": SECRET})
DAMAGED = "wrong passphrase or damaged vault"


class Ring(KeyringBackend):
    """A keyring in memory, of the kind that this system's is taken for."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, str] = {}

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[username] = password

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get(username)


def taken_for(kind: type[KeyringBackend], module: str, name: str) -> type[KeyringBackend]:
    """`kind` under the name of a class of another module, by which keyrings are told apart."""
    kind.__module__, kind.__qualname__ = module, name
    return kind


taken_for(Ring, "keyring.backends.SecretService", "Keyring")


@pytest.fixture
def ring() -> Iterator[Ring]:
    before, ring = keyring.get_keyring(), Ring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


def filled(folder: Path, choice: str = "keyring", passphrase: str | None = None) -> bytes:
    """A vault with one key; the file's bytes."""
    open_vault(folder, choice, passphrase).put("kraken", "kraken", "2026-07-01", (), KEY)
    return (folder / "vault.bin").read_bytes()


def refusal(folder: Path, choice: str = "", passphrase: str | None = "open sesame") -> str:
    """The one line in which a vault is not opened; the file stays as it is."""
    before = (folder / "vault.bin").read_bytes()
    with pytest.raises(VaultError) as caught:
        open_vault(folder, choice, passphrase, create=True)
    line = str(caught.value)
    assert line.isprintable() and SECRET not in line and "abcd" not in line
    assert caught.value.__cause__ is None
    assert (folder / "vault.bin").read_bytes() == before
    return line


# ---- the file ---------------------------------------------------------------------------------


def test_one_flipped_bit_anywhere_opens_nothing(tmp_path: Path, ring: Ring) -> None:
    whole, path = filled(tmp_path), tmp_path / "vault.bin"
    [vault_id] = ring.kept
    named = range(whole.index(vault_id.encode()), whole.index(b"\n"))
    for bit in range(8 * len(whole)):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        line = refusal(tmp_path)
        assert DAMAGED in line or (bit // 8 in named and "holds no key for this vault" in line), (bit, line)
    path.write_bytes(whole)
    assert open_vault(tmp_path, "", None).get("kraken") == KEY


def test_a_file_cut_anywhere_or_with_something_behind_it_opens_nothing(tmp_path: Path, ring: Ring) -> None:
    whole, path = filled(tmp_path), tmp_path / "vault.bin"
    for content in (*(whole[:length] for length in range(len(whole))), whole + b"\0", whole + whole, whole[1:]):
        path.write_bytes(content)
        assert DAMAGED in refusal(tmp_path)


def test_the_parts_of_two_vaults_make_none(tmp_path: Path, ring: Ring) -> None:
    """Header, nonce and bundle belong together, even of two states of one vault under one key."""
    first = filled(tmp_path)
    end = first.index(b"\n") + 1
    open_vault(tmp_path, "", None).remove("kraken")
    second = (tmp_path / "vault.bin").read_bytes()
    for content in (first[: end + 12] + second[end + 12 :], second[:end] + first[end : end + 12] + second[end + 12 :]):
        (tmp_path / "vault.bin").write_bytes(content)
        assert DAMAGED in refusal(tmp_path)


@pytest.mark.parametrize(
    "asks",
    ["1 1 1", "15 8 1", "16 7 1", "21 8 1", "99 8 1", "20 9 1", "20 16 4", "17 17 1", "17 0 1", "17 8 0", "17 8 5",
     "17 8 -1", "1e9 8 1", "017 8 1", "17 8 1 1", "17 8", "", "17  8 1", "\u0661\u0667 8 1"],
)  # fmt: skip
def test_what_a_file_asks_for_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asks: str
) -> None:
    monkeypatch.setattr(scrypt, "Scrypt", pytest.fail)
    (tmp_path / "vault.bin").write_bytes(f"taxsync vault 1 scrypt {asks} {'0' * 32}\n".encode() + b"x" * 100)
    assert DAMAGED in refusal(tmp_path)


def test_a_wrong_passphrase_destroys_nothing(tmp_path: Path) -> None:
    whole = filled(tmp_path, "file", "open sesame")
    n, r, p = (int(word) for word in whole.split()[4:7])
    assert 64 << 20 <= 128 * (r << n) <= 1 << 30 and p >= 1
    for choice in ("", "file", "keyring"):
        assert DAMAGED in refusal(tmp_path, choice, "Open sesame")
    assert open_vault(tmp_path, "", "open sesame").get("kraken") == KEY
    assert (tmp_path / "vault.bin").read_bytes() == whole


@pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX systems")
@pytest.mark.parametrize("kind", ["link", "hard link", "folder", "pipe", "device"])
def test_what_is_in_the_vaults_place_is_neither_read_nor_changed(tmp_path: Path, ring: Ring, kind: str) -> None:
    data, other = tmp_path / "data", tmp_path / "other"
    data.mkdir()
    other.mkdir()
    whole, path = filled(other), data / "vault.bin"
    make: dict[str, Callable[[], object]] = {
        "link": lambda: path.symlink_to(other / "vault.bin"),
        "hard link": lambda: path.hardlink_to(other / "vault.bin"),
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "device": lambda: path.symlink_to("/dev/zero"),
    }
    make[kind]()
    if kind == "hard link":  # the same file: read, but what is written then is this folder's own
        open_vault(data, "", None).remove("kraken")
    else:
        for _ in range(2):
            with pytest.raises(VaultError, match=r"is a link|is not a file|can't be read") as caught:
                open_vault(data, "", None).put("second", "kraken", "2026-07-01", (), KEY)
            assert str(caught.value).isprintable()
    assert (other / "vault.bin").read_bytes() == whole


# Opens the vault once; then, child after child, dies at every call and every return within a write, one by one.
KILLED = """
import json, os, signal, sys
from pathlib import Path
from importers.vault import Credentials, open_vault
folder = Path(sys.argv[1])
vault = open_vault(folder, "file", "open sesame")
before = (folder / "vault.bin").read_bytes()
steps = []
for last in range(1, 2000):
    child = os.fork()
    if child == 0:
        seen = writing = 0
        def die(frame, event, argument):
            global seen, writing
            writing = writing or frame.f_code.co_name == "_write_private"
            seen += writing
            if seen == last:
                os.kill(os.getpid(), signal.SIGKILL)
        sys.setprofile(die)
        vault.put("second", "kraken", "2026-07-02", (), Credentials({"apiKey": "a" * 20, "secret": "b" * 20}))
        os._exit(0)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    changed = (folder / "vault.bin").read_bytes() != before
    left = [path for path in folder.iterdir() if path.name != "vault.bin"]  # closed to others, nothing in clear
    secret = [path.name for path in left if path.stat().st_mode & 0o77 or b"bbbb" in path.read_bytes()]
    steps.append([ended, changed, [entry.name for entry in vault.entries()], len(left), secret])
    (folder / "vault.bin").write_bytes(before)
    if ended == 0:
        break
print(json.dumps(steps))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork of POSIX systems")
def test_killed_at_any_step_of_a_write_the_vault_is_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    filled(tmp_path, "file", "open sesame")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parent.parent.parent,
    )  # fmt: skip
    *killed, last = json.loads(done.stdout)
    assert last == [0, True, ["kraken", "second"], 0, []]
    assert [ended for ended, *_ in killed] == [-9] * len(killed)
    states = [changed for _, changed, *_ in killed]
    assert len(states) > 30 and states == sorted(states)  # first the old one, from some step on the new one
    for _, changed, names, left, secret in killed:
        assert names == (["kraken", "second"] if changed else ["kraken"])
        assert left <= 1 and secret == []  # of this one; what others had left is gone
    assert any(left for *_, left, _ in killed)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")
def test_whatever_the_umask_only_the_owner_may_look(tmp_path: Path) -> None:
    person, before = Person(tmp_path), os.umask(0o022)
    person.environment["TAXSYNC_VAULT"] = "file"
    try:
        person.run("init", "--country", "us")
        filled(person.data, "file", "correct horse")
        person.run("keys", "list")
    finally:
        os.umask(before)
    for path in (person.data, *person.data.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


# ---- the keyring ------------------------------------------------------------------------------


class Stored(Exception):
    """A keyring that must not be used was given something."""


class Taking(Ring):
    def set_password(self, service: str, username: str, password: str) -> None:
        raise Stored(password)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("keyrings.alt.file", "PlaintextKeyring"),
        ("keyrings.alt.file", "EncryptedKeyring"),
        ("keyring.backends.null", "Keyring"),
        ("keyring.backends.SecretService", "Keyring2"),
        ("keyring_backends.SecretService", "Keyring"),
    ],
)
def test_a_keyring_that_is_not_known_is_given_nothing(tmp_path: Path, ring: Ring, module: str, name: str) -> None:
    class Unknown(Taking):
        pass

    keyring.set_keyring(taken_for(Unknown, module, name)())
    with pytest.raises(VaultError, match=rf"{module}\.{name} is not known to be safe") as caught:
        open_vault(tmp_path, "keyring", "open sesame", create=True)
    assert str(caught.value).isprintable()
    one = open_vault(tmp_path, "", "open sesame", create=True)
    assert one.store == "encrypted file" and "not known to be safe" in one.note
    assert (tmp_path / "vault.bin").read_bytes().startswith(b"taxsync vault 1 scrypt ")


@pytest.mark.parametrize("named", ["keyring.backends.null.Keyring", "keyring.backends.fail.Keyring"])
def test_the_environment_chooses_no_keyring_that_forgets(
    tmp_path: Path, ring: Ring, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", named)
    keyring.core.init_backend()
    assert f"{type(keyring.get_keyring()).__module__}.Keyring" == named
    with pytest.raises(VaultError, match=r"not known to be safe|this system has none"):
        open_vault(tmp_path, "keyring", None, create=True)
    with pytest.raises(PassphraseNeeded):
        open_vault(tmp_path, "", None, create=True)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """What never happens, for as long as a test runs."""
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.parametrize("where", ["set_password", "get_password", "looked for"])
def test_a_keyring_that_never_answers_is_given_up_in_three_seconds(
    tmp_path: Path, ring: Ring, never: threading.Event, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    assert system_keyring._PATIENCE <= 3
    monkeypatch.setattr(system_keyring, "_PATIENCE", 0.05)

    def hangs(*_: object) -> None:
        never.wait(60)

    if where == "looked for":
        monkeypatch.setattr(keyring, "get_keyring", hangs)
    else:
        monkeypatch.setattr(ring, where, hangs)
    with pytest.raises(
        VaultError, match=r"did not answer within 0\.05 s; unlock it and run again; set TAXSYNC_VAULT=file"
    ):
        open_vault(tmp_path, "keyring", None, create=True)
    assert "did not answer" in open_vault(tmp_path, "", "open sesame", create=True).note
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "keyring")  # none keeps us alive


@pytest.mark.parametrize("error", [KeyringLocked("locked"), OSError(5, "bus"), SystemExit(3), KeyboardInterrupt()])
def test_a_keyring_that_is_locked_later_loses_nothing(
    tmp_path: Path, ring: Ring, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    whole = filled(tmp_path)

    def locked(*_: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(ring, "get_password", locked)
        assert f"{type(error).__name__}; unlock it and run again" in refusal(tmp_path)
    assert open_vault(tmp_path, "", None).get("kraken") == KEY
    assert (tmp_path / "vault.bin").read_bytes() == whole


def test_a_keyring_that_takes_1280_characters_is_enough_for_any_number_of_keys(tmp_path: Path, ring: Ring) -> None:
    """As Windows' does, with an error for more."""
    one = open_vault(tmp_path, "keyring", None)
    long = Credentials({"apiKey": "organizations/1", "secret": f"-----BEGIN KEY-----\n{'A' * 5_000}\n"})
    for number in range(30):
        one.put(f"key {number}", "coinbase", "2026-07-01", (), long)
    assert [len(kept) <= 1280 for kept in ring.kept.values()] == [True]
    assert open_vault(tmp_path, "", None).get("key 29") == long
