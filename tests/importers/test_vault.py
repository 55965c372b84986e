"""The vault: what is in it comes back whole or not at all, and its secrets show nowhere."""

import copy
import json
import os
import pickle
import stat
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

import importers
from importers import system_keyring, vault
from importers.credentials import goes_on, is_object
from importers.vault import (
    Credentials,
    Entry,
    PassphraseNeeded,
    Vault,
    VaultError,
    open_vault,
    read_credentials,
)

SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="
KEY = Credentials({"apiKey": "abcdWXYZ0123456789", "secret": SECRET})
NEEDED = ("apiKey", "secret")
DAMAGED = "wrong passphrase or damaged vault"
PEM = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIA==\nAwEHoUQDQg==\n-----END EC PRIVATE KEY-----"


def filled(folder: Path, choice: str = "file", passphrase: str | None = "open sesame") -> Vault:
    one = open_vault(folder, choice, passphrase)
    one.put("kraken", "kraken", "2026-07-01", ("trade",), KEY)
    return one


# Credentials


def test_credentials_show_nothing() -> None:
    shown = [repr(KEY), str(KEY), f"{KEY}", f"{KEY:>40}", f"{KEY!r}", "%s" % KEY, repr([KEY]), repr({"k": KEY})]  # noqa: UP031
    assert not [text for text in shown if SECRET in text or "abcd" in text]
    assert str(KEY) == f"{KEY:>40}" == "****"


def test_credentials_are_equal_by_content_and_hold_their_own_copy() -> None:
    assert Credentials({"secret": SECRET}) == Credentials({"secret": SECRET}) != Credentials({"secret": "other"})
    KEY.reveal()["secret"] = "changed"
    assert KEY.reveal()["secret"] == SECRET


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_credentials_are_not_pickled(protocol: int) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(KEY, protocol)


def test_credentials_are_not_copied_hashed_or_written_as_json() -> None:
    for leak in (copy.copy, copy.deepcopy, hash, json.dumps, vars):
        with pytest.raises(TypeError):
            leak(KEY)


def test_reads_one_object_without_the_white_space() -> None:
    text = '\ufeff {"apiKey": " abc ", "secret": "a+b/c==\\n"}\n'
    assert read_credentials(text, NEEDED, "Kraken").reveal() == {"apiKey": "abc", "secret": "a+b/c=="}


def test_a_passphrase_that_a_person_chose_may_have_spaces() -> None:
    text = json.dumps({"apiKey": "a", "secret": "b", "password": " correct horse {staple\t"})
    assert read_credentials(text, (*NEEDED, "password"), "OKX").reveal()["password"] == "correct horse {staple"


def test_a_key_block_keeps_its_lines() -> None:
    text = json.dumps({"apiKey": "organizations/1", "secret": PEM.replace("\n", "\r\n") + "\r\n"})
    assert read_credentials(text, NEEDED, "Coinbase").reveal()["secret"] == PEM


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not one JSON object"),
        (f"{{'apiKey': '{SECRET}'}}", "not one JSON object"),
        (f'["{SECRET}"]', "not one JSON object"),
        (f'{{"apiKey": "{SECRET}", "secret": "b"}} {{}}', "not one JSON object"),
        ("[" * 90_000, "not one JSON object"),
        (f'{{"apiKey": "{SECRET}"}}', "secret is missing"),
        ("{}", "apiKey, secret is missing"),
        (f'{{"apiKey": "a", "secret": "b", "{SECRET}": "c"}}', "has a name which is not one of"),
        (f'{{"apiKey": "a", "secret": "b", "password": "{SECRET}"}}', "has password which is not one of"),
        (f'{{"apiKey": "a", "apiKey": "{SECRET}", "secret": "b"}}', "apiKey is given twice"),
        (f'{{"apiKey": "{SECRET}", "secret": 12345}}', "secret must be text"),
        (f'{{"apiKey": "{SECRET}", "secret": null}}', "secret must be text"),
        (f'{{"apiKey": "{SECRET}", "secret": {{"a": "b"}}}}', "secret must be text"),
        (f'{{"apiKey": "{SECRET}", "secret": " "}}', "secret is empty"),
        (f'{{"apiKey": "a", "secret": "{SECRET}\\n{SECRET}"}}', "line break"),
        (f'{{"apiKey": "a", "secret": "{SECRET}\\u0000"}}', "control character"),
        (f'{{"apiKey": "a", "secret": "{SECRET} {SECRET}"}}', "secret has a space inside; copy it again"),
        (f'{{"apiKey": "{SECRET} {SECRET}", "secret": "b"}}', "apiKey has a space inside; copy it again"),
        (f'{{"apiKey": "a", "secret": "-----BEGIN EC PRIVATE KEY----- {SECRET}"}}', "no whole key block"),
        (f'{{"apiKey": "a", "secret": "{SECRET}\\u00e9"}}', "not ASCII"),
        (f'{{"apiKey": "a", "secret": "{SECRET}\\ud800"}}', "not ASCII"),
        (f'{{"apiKey": "a", "privateKey": "{SECRET}"}}', "a privateKey can move coins"),
        (f'{{"apiKey": "a", "secret": "{SECRET * 4000}"}}', "larger than 100 kB"),
    ],
)
def test_refuses_in_one_line_that_repeats_no_value(text: str, says: str) -> None:
    with pytest.raises(VaultError) as caught:
        read_credentials(text, NEEDED, "Kraken")
    line = str(caught.value)
    assert says in line and line.startswith("credentials of Kraken: ")
    assert "\n" not in line and SECRET not in line and "12345" not in line
    assert caught.value.__context__ is None  # a parser's exception would hold the whole text
    assert SECRET not in "".join(traceback.format_exception(caught.value))


KEY_FILE = importers.exchange("coinbase").key_file
OLDER = {  # coinbase_cloud_api_key.json of 2024 beside name and privateKey
    "principal": "cccc", "principalType": "USER", "createTime": "2024-02-16T01:30:31.590396594Z", "projectId": "dddd",
    "publicKey": "-----BEGIN EC PUBLIC KEY-----\\nMFkw\\n-----END EC PUBLIC KEY-----\\n", "nickname": "tax {2024",
    "scopes": ["rat/portfolio:eeee#view", "rat#view"], "allowedIps": [], "keyType": "TRADING_KEY", "enabled": True,
}  # fmt: skip


def test_an_older_key_file_is_taken_as_it_was_downloaded() -> None:
    both = {"name": "organizations/1/apiKeys/2", "privateKey": PEM}
    taken = read_credentials(json.dumps(both | OLDER), NEEDED, "Coinbase", KEY_FILE)
    assert taken.reveal() == {"apiKey": "organizations/1/apiKeys/2", "secret": PEM}
    with pytest.raises(VaultError, match="leave only name and privateKey in it") as caught:
        read_credentials(json.dumps(both | {SECRET: "x"}), NEEDED, "Coinbase", KEY_FILE)
    assert SECRET not in str(caught.value)
    with pytest.raises(VaultError, match="apiKey, secret is missing"):
        read_credentials(json.dumps(OLDER), NEEDED, "Coinbase", KEY_FILE)
    with pytest.raises(VaultError, match="which is not one of the names it takes"):
        read_credentials(json.dumps({"apiKey": "a", "secret": "b"} | OLDER), NEEDED, "Kraken")


@pytest.mark.parametrize(
    "text", [PEM, "{}", json.dumps({"name": 'a"}\\', "privateKey": PEM} | OLDER, indent=1), '{"a": {"b": "}"}}']
)
def test_a_pasted_key_goes_on_to_its_end_and_no_further(text: str) -> None:
    assert not goes_on(text) and not goes_on(f"\ufeff {text}\n")
    lines = f" {text}".splitlines(keepends=True)
    assert all(goes_on("".join(lines[:count])) for count in range(1, len(lines)))
    assert goes_on(text[:-1]) and is_object(text) == (text[0] == "{")


@pytest.mark.parametrize("text", ["", SECRET, f"-{PEM}", "a{b", "}{", f"{{{'x' * 100_000}"])
def test_what_is_no_beginning_of_a_key_does_not_go_on(text: str) -> None:
    assert not goes_on(text)


@pytest.mark.parametrize("name", ["name", "id"])
@pytest.mark.parametrize("written", [PEM + "\n", PEM.replace("\n", "\\n") + "\\n", PEM.replace("\n", "\\r\\n")])
def test_a_key_file_is_taken_as_it_was_downloaded(name: str, written: str) -> None:
    text = json.dumps({name: "organizations/1/apiKeys/2", "privateKey": written}, indent=3)
    taken = read_credentials(text, NEEDED, "Coinbase", KEY_FILE)
    assert taken.reveal() == {"apiKey": "organizations/1/apiKeys/2", "secret": PEM}
    plain = json.dumps({"apiKey": "organizations/1/apiKeys/2", "secret": written})
    assert read_credentials(plain, NEEDED, "Coinbase", KEY_FILE) == taken
    assert read_credentials(plain.replace("\\n", "\\n \\n "), NEEDED, "Coinbase", KEY_FILE) == taken  # as some paste it
    with pytest.raises(VaultError, match="privateKey can move coins"):  # of any other exchange
        read_credentials(text, NEEDED, "Kraken")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": "a"}, "secret is missing"),
        ({"name": "a", "id": "b", "privateKey": SECRET}, "apiKey is given twice"),
        ({"apiKey": "a", "privateKey": SECRET}, "a privateKey can move coins"),
        ({"name": "a", "privateKey": SECRET, "walletAddress": "b"}, "leave only name and privateKey"),
        ({"name": "a", "privateKey": SECRET, "privateKey2": "b"}, "leave only name and privateKey"),
        ({"name": "a", "privateKey": " "}, "secret is empty"),
        ({"name": "a", "privateKey": PEM[:60]}, "line break"),
    ],
)
def test_only_a_whole_key_file_is_one(given: dict[str, str], says: str) -> None:
    with pytest.raises(VaultError, match=says) as caught:
        read_credentials(json.dumps(given), NEEDED, "Coinbase", KEY_FILE)
    assert SECRET not in str(caught.value) and "\n" not in str(caught.value)


def test_a_private_key_is_refused_even_where_an_exchange_wants_one() -> None:
    with pytest.raises(VaultError, match="never taken"):
        read_credentials(f'{{"privateKey": "{SECRET}"}}', ("privateKey",), "Hyperliquid")


# The encrypted file


def test_put_get_list_remove(tmp_path: Path) -> None:
    one = open_vault(tmp_path, "file", "open sesame")
    kept = one.put("kraken", "kraken", "2026-07-01", ("trade",), KEY)
    assert kept == Entry("kraken", "kraken", "2026-07-01", "abcd", ("trade",), "encrypted file")
    one.put("a second", "coinbase", "2026-07-02", (), Credentials({"apiKey": "abcdefgh", "secret": PEM}))

    again = open_vault(tmp_path, "", "open sesame")
    assert again.get("kraken") == KEY
    assert [(each.name, each.starts) for each in again.entries()] == [("a second", "ab"), ("kraken", "abcd")]
    assert again.remove("kraken") == kept
    assert [each.name for each in again.entries()] == [each.name for each in one.entries()] == ["a second"]
    with pytest.raises(VaultError, match="no key 'kraken' here; name one that is stored: a second"):
        one.get("kraken")
    with pytest.raises(VaultError, match="no key 'kraken'"):
        one.remove("kraken")


def test_nothing_readable_is_on_the_disk_and_others_may_not_look(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        filled(tmp_path)
    finally:
        os.umask(before)
    assert [path.name for path in tmp_path.iterdir()] == ["vault.bin"]
    content = (tmp_path / "vault.bin").read_bytes()
    assert not [word for word in (SECRET, "abcd", "kraken", "sesame") if word.encode() in content]
    assert content.startswith(b"taxsync vault 1 scrypt 17 8 1 ")
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "vault.bin").stat().st_mode) == 0o600


def test_no_vault_is_empty_and_asks_for_nothing(tmp_path: Path) -> None:
    for choice in ("", "file", "keyring"):
        assert open_vault(tmp_path, choice, None).entries() == []
    with pytest.raises(VaultError, match="stored: none"):
        open_vault(tmp_path, "file", None).get("kraken")
    assert list(tmp_path.iterdir()) == []


def test_a_new_file_asks_for_a_passphrase_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(PassphraseNeeded, match="TAXSYNC_PASSPHRASE") as caught:
        open_vault(tmp_path, "file", "", create=True)
    assert caught.value.new
    with pytest.raises(PassphraseNeeded):
        filled(tmp_path, "file", None)
    assert list(tmp_path.iterdir()) == []


def test_opening_asks_for_the_passphrase_and_wants_the_right_one(tmp_path: Path) -> None:
    filled(tmp_path, passphrase="Grüße")
    with pytest.raises(PassphraseNeeded) as needed:
        open_vault(tmp_path, "", None)
    assert not needed.value.new
    with pytest.raises(VaultError, match=DAMAGED):
        open_vault(tmp_path, "", "grüße")
    assert open_vault(tmp_path, "", "Gru\u0308ße").get("kraken") == KEY  # the same letters, composed otherwise


def test_a_name_is_given_once(tmp_path: Path) -> None:
    one = filled(tmp_path)
    with pytest.raises(VaultError, match="already a key 'kraken'"):
        one.put("kraken", "kraken", "2026-07-02", (), KEY)
    assert one.put("kraken", "kraken", "2026-07-02", (), KEY, replace=True).added == "2026-07-02"
    assert one.put("x" * 100, "kraken", "2026-07-02", (), KEY).name == "x" * 100  # as long as an account's may be
    assert len(one.entries()) == 2


def test_every_flipped_bit_and_every_cut_is_noticed() -> None:
    key = bytes(range(32))
    header = b"taxsync vault 1 scrypt 17 8 1 " + b"0a" * 16 + b"\n"
    sealed = vault._seal(key, header, b"bundle")
    assert vault._unseal(key, sealed) == b"bundle"
    for bit in range(8 * len(sealed)):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        assert vault._unseal(key, bytes(changed)) is None
    assert not [cut for cut in range(len(sealed)) if vault._unseal(key, sealed[:cut]) is not None]
    assert vault._unseal(key, sealed + b"\0") is None
    assert vault._unseal(bytes(32), sealed) is None
    assert vault._seal(key, header, b"bundle") != sealed  # another nonce every time


def test_a_damaged_file_is_one_line_with_the_same_words(tmp_path: Path) -> None:
    filled(tmp_path)
    path = tmp_path / "vault.bin"
    whole = path.read_bytes()
    end = whole.index(b"\n") + 1
    places = (0, 14, 17, end - 2, end - 1, end, len(whole) - 1)
    flipped = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in places]
    for content in [b"", whole[:10], whole[: end - 1], whole[:end], whole[:-1], whole + b"\n", *flipped]:
        path.write_bytes(content)
        with pytest.raises(VaultError) as caught:
            open_vault(tmp_path, "", "open sesame")
        assert str(caught.value) == f"{DAMAGED}: {path}; try it again, or restore a backup"
    path.write_bytes(whole)
    assert open_vault(tmp_path, "", "open sesame").get("kraken") == KEY


@pytest.mark.parametrize("asks", ["14 8 1", "21 8 1", "99 8 1", "20 16 1", "17 17 1", "17 0 1", "17 8 0", "17 8 5"])
def test_a_file_may_not_ask_for_any_work_it_likes(tmp_path: Path, asks: str) -> None:
    (tmp_path / "vault.bin").write_bytes(b"taxsync vault 1 scrypt %s %s\n" % (asks.encode(), b"0" * 32) + b"x" * 100)
    with pytest.raises(VaultError, match=DAMAGED):
        open_vault(tmp_path, "", "open sesame")


def test_links_pipes_folders_and_huge_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "vault.bin"
    for make, says in (
        (lambda: path.symlink_to(tmp_path / "elsewhere"), "is a link"),
        (lambda: os.mkfifo(path), "not a file"),
        (lambda: path.write_bytes(b"taxsync vault 1 " + b"x" * 1_000_000), "larger than"),
    ):
        make()
        with pytest.raises(VaultError, match=says):
            open_vault(tmp_path, "file", "open sesame").put("kraken", "kraken", "2026-07-01", (), KEY)
        path.unlink()
    path.mkdir()
    with pytest.raises(VaultError, match=r"vault\.bin can't be read|vault\.bin is not a file"):
        open_vault(tmp_path, "file", "open sesame")


def test_a_vault_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    slow = open_vault(tmp_path, "file", "other words")
    one = filled(tmp_path)
    before = (tmp_path / "vault.bin").read_bytes()
    with pytest.raises(VaultError, match="meanwhile"):
        slow.put("kraken", "kraken", "2026-07-01", (), KEY)
    with pytest.raises(VaultError, match="meanwhile"):
        slow.entries()
    assert (tmp_path / "vault.bin").read_bytes() == before
    (tmp_path / "vault.bin").unlink()
    with pytest.raises(VaultError, match="meanwhile"):
        one.put("second", "kraken", "2026-07-01", (), KEY)
    assert not (tmp_path / "vault.bin").exists()


def test_a_failed_write_keeps_the_old_file_and_leaves_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = filled(tmp_path)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(VaultError, match=r"can't be written: No space left on device; nothing changed"):
            one.put("second", "kraken", "2026-07-01", (), KEY)
    assert [path.name for path in tmp_path.iterdir()] == ["vault.bin"]
    assert [each.name for each in one.entries()] == ["kraken"]


def test_what_a_killed_write_left_is_removed_by_the_next(tmp_path: Path) -> None:
    left = tmp_path / ".vault.bin.k1ll3d"
    left.write_bytes(b"half a vault")
    (tmp_path / ".taxsync.toml.0ther").touch()
    filled(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"vault.bin", ".taxsync.toml.0ther"}


@pytest.mark.parametrize(("passphrase", "weak"), [("123456789", True), ("open sesame", False)])
def test_a_short_passphrase_is_weak(tmp_path: Path, passphrase: str, weak: bool) -> None:
    assert filled(tmp_path, passphrase=passphrase).weak is weak
    assert not open_vault(tmp_path, "", passphrase).weak  # said once, when it was chosen


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="can't be written: No such file"):
        filled(tmp_path / "gone")


def test_an_unknown_choice(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="TAXSYNC_VAULT=cloud: must be keyring or file"):
        open_vault(tmp_path, "cloud", None)


# The keyring


class Ring(KeyringBackend):
    """A keyring in memory, in the place of the operating system's."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))


class Forgetful(Ring):
    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class Locked(Ring):
    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"could not store {password}")

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError("locked")


class Silent(Ring):
    released = threading.Event()

    def set_password(self, service: str, username: str, password: str) -> None:
        self.released.wait(20)


@pytest.fixture(autouse=True)
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test meets the keyring of the machine it runs on."""
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    known = {f"{each.__module__}.{each.__qualname__}" for each in (Ring, Forgetful, Locked, Silent)}
    monkeypatch.setattr(system_keyring, "_KNOWN", system_keyring._KNOWN | known)
    keyring.set_keyring(Keyring())
    Silent.released.clear()
    yield
    Silent.released.set()
    keyring.set_keyring(before)


def test_a_known_keyring_holds_one_key_and_the_file_the_rest(tmp_path: Path) -> None:
    ring = Ring()
    keyring.set_keyring(ring)
    one = filled(tmp_path, "", None)
    assert (one.store, one.note) == ("keyring", "")
    assert one.entries()[0].store == "keyring"
    one.put("second", "kraken", "2026-07-02", (), KEY)
    [((service, vault_id), key)] = ring.kept.items()
    assert service == "taxsync" and len(key) == 64
    content = (tmp_path / "vault.bin").read_bytes()
    assert content.startswith(f"taxsync vault 1 keyring {vault_id}\n".encode())
    assert SECRET.encode() not in content and bytes.fromhex(key) not in content
    assert open_vault(tmp_path, "keyring", None).get("kraken") == KEY


def test_a_keyring_without_the_key_or_with_another_opens_nothing(tmp_path: Path) -> None:
    ring = Ring()
    keyring.set_keyring(ring)
    filled(tmp_path, "keyring", None)
    [where] = ring.kept
    ring.kept[where] = "0" * 64
    with pytest.raises(VaultError, match=DAMAGED):
        open_vault(tmp_path, "", None)
    ring.kept[where] = "nothing"
    with pytest.raises(VaultError, match="no key of taxsync"):
        open_vault(tmp_path, "", None)
    del ring.kept[where]
    with pytest.raises(VaultError, match="holds no key for this vault"):
        open_vault(tmp_path, "", "open sesame")
    keyring.set_keyring(Locked())
    with pytest.raises(VaultError, match="RuntimeError; unlock it"):
        open_vault(tmp_path, "", None)


def unsafe() -> KeyringBackend:
    from keyring.backends.null import Keyring

    return Keyring()


@pytest.mark.parametrize(
    ("ring", "says"),
    [
        (Forgetful, "did not give back"),
        (Locked, "answered RuntimeError"),
        (Silent, "did not answer within"),
        (unsafe, "keyring.backends.null.Keyring is not known to be safe"),
        (None, "this system has none"),
    ],
)
def test_falls_back_with_a_note_and_says_why_when_forced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ring: type[KeyringBackend] | None, says: str
) -> None:
    monkeypatch.setattr(system_keyring, "_PATIENCE", 0.1)
    if ring is not None:
        keyring.set_keyring(ring())
    with pytest.raises(VaultError, match=says) as caught:
        open_vault(tmp_path, "keyring", "open sesame", create=True)
    assert "TAXSYNC_VAULT=file" in str(caught.value) and "could not store" not in str(caught.value)
    with pytest.raises(PassphraseNeeded):
        open_vault(tmp_path, "", None, create=True)
    assert list(tmp_path.iterdir()) == []
    if ring is Forgetful:  # one derivation is enough
        one = open_vault(tmp_path, "", "open sesame", create=True)
        assert one.store == "encrypted file" and says in one.note and one.entries() == []
        assert "encrypted file, not keyring" in open_vault(tmp_path, "keyring", "open sesame").note


def test_a_chain_is_taken_only_when_all_of_it_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyring.backends.chainer import ChainerBackend

    class Plain(Ring):
        pass

    chain = ChainerBackend()
    keyring.set_keyring(chain)
    monkeypatch.setattr(ChainerBackend, "backends", [Ring(), Plain()])
    with pytest.raises(VaultError, match=r"Plain is not known to be safe"):
        open_vault(tmp_path, "keyring", None, create=True)
    monkeypatch.setattr(ChainerBackend, "backends", [])
    with pytest.raises(VaultError, match="this system has none"):
        open_vault(tmp_path, "keyring", None, create=True)
    monkeypatch.setattr(ChainerBackend, "backends", [Ring(), Ring()])
    assert filled(tmp_path, "keyring", None).get("kraken") == KEY


def test_a_file_vault_never_touches_the_keyring(tmp_path: Path) -> None:
    ring = Ring()
    keyring.set_keyring(ring)
    one = filled(tmp_path)
    assert (one.store, one.note, ring.kept) == ("encrypted file", "", {})
    assert open_vault(tmp_path, "", "open sesame").store == "encrypted file"


def test_importing_it_loads_neither_keyring_nor_cryptography() -> None:
    code = "import sys, importers.vault; print([m for m in ('keyring', 'cryptography', 'ccxt') if m in sys.modules])"
    root = Path(vault.__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout.strip() == "[]"
