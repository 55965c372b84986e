"""`taxsync keys` against the sandbox exchange: only what reads is stored, and no secret shows anywhere."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.parse
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring
from msgspec.structs import replace

import importers
from importers.base import Exchange
from importers.credentials import Credentials
from importers.sandbox.book import Book
from importers.sandbox.kraken import READ_ONLY, Key, Records
from importers.sandbox.server import UNAVAILABLE, Fault, Sandbox
from importers.vault import open_vault
from pipeline.folder import write_private
from pipeline.issues import Stop
from pipeline.run import keys
from pipeline.settings import Access, read_environment
from tests.importers.exchanges.recorded import READ_ONLY as RECORDED
from tests.importers.exchanges.recorded import Recorded, Said, pem
from tests.person import Done, Person, contents

NEW_YEAR_2026 = 1_767_225_600
PASSPHRASE = "correct horse"


def key(name: str, *more: str, without: str = "", **limits: object) -> Key:
    """A key as Kraken makes them, of random-looking text; rights beside or `without` those that read."""
    secret, public = (hashlib.sha512(f"{what} of {name}".encode()).digest() for what in ("secret", "key"))
    rights = (*(right for right in READ_ONLY if right != without), *more)
    made = Key(base64.b64encode(public[:42]).decode(), base64.b64encode(secret).decode(), rights)
    return replace(made, **limits)  # type: ignore[arg-type]


READS = key("reads", ip_allowlist=("203.0.113.7",))
KEYS = {
    "reads": READS,
    "second": key("second"),
    "exports": key("exports", "export-data"),
    "trades": key("trades", "modify-trades", "close-trades"),
    "withdraws": key("withdraws", "withdraw-funds"),
    "addresses": key("addresses", "add-withdraw-address"),
    "no ledger": key("no ledger", without="query-ledger"),
    "unknown": key("unknown", "launch-rockets"),
    "limited": key("limited", query_from=1_704_067_200, valid_until=4_102_444_800),
    "past": key("past", valid_until=NEW_YEAR_2026 + 86_400),  # by the sandbox's clock it has not ended
    "ended": key("ended", valid_until=NEW_YEAR_2026 - 86_400),
}
STRANGER = key("stranger")  # not at the exchange


@pytest.fixture(scope="module")
def records() -> Records:
    book = Book({})
    book.pay_in(1_735_810_200, "ZUSD", "2000")
    book.buy(1_735_900_000, "XXBTZUSD", "420")
    return Records(book.ledgers, book.trades, book.deposits, book.withdrawals, tuple(KEYS.values()))


@pytest.fixture(scope="module")
def exchange(records: Records) -> Iterator[Sandbox]:
    with Sandbox(records) as sandbox:
        yield sandbox
    assert sandbox.forbidden == []


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    person = Person(tmp_path_factory.mktemp("fresh"))
    person.run("init", "--country", "us")
    return person.data


@pytest.fixture
def person(tmp_path: Path, fresh: Path, exchange: Sandbox) -> Person:
    person = Person(tmp_path)
    person.environment["TAXSYNC_PROXY_URL"] = exchange.proxy_url
    shutil.copytree(fresh, person.data)
    return person


@pytest.fixture
def never_asked() -> Callable[[Exchange], str]:
    def ask(exchange: Exchange) -> str:
        pytest.fail(f"the secrets of {exchange.name} were asked for")

    return ask


def given(one: Key, **changes: str) -> str:
    return json.dumps(one.credentials | changes)


@cache
def empty_vault() -> bytes:
    """As the first key of a folder makes it, which takes half a second."""
    with TemporaryDirectory() as folder:
        open_vault(Path(folder), "file", PASSPHRASE, create=True)
        return Path(folder, "vault.bin").read_bytes()


def add(person: Person, one: Key, *options: str, code: int = 0) -> Done:
    """A key that is to be stored comes into a vault that is there."""
    vault, usual = person.data / "vault.bin", ("file", PASSPHRASE)
    asked = tuple(person.environment.get(f"TAXSYNC_{name}") for name in ("VAULT", "PASSPHRASE"))
    if code == 0 and asked == usual and not vault.exists():
        write_private(vault, empty_vault())
    return person.run("keys", "add", "kraken", "--stdin", *options, given=given(one), code=code)


def assert_nothing_stored(person: Person) -> None:
    assert not (person.data / "vault.bin").exists()
    assert "accounts.kraken" not in (person.data / "taxsync.toml").read_text()
    assert "No key is stored" in person.run("keys", "list").stdout


# ---- where a secret may not be ----------------------------------------------------------------


def traces(secret: str) -> set[bytes]:
    """A secret as it might lie somewhere: as text, decoded, in hex, in base64 wherever it begins, in an address."""
    found = {secret.encode(), secret.encode().hex().encode(), urllib.parse.quote_plus(secret).encode()}
    raw = base64.b64decode(secret)
    found |= {raw, raw.hex().encode(), secret.encode("utf-16-le")}
    for text in (secret.encode(), raw):
        for before in range(3):
            encoded = base64.b64encode(b"\0" * before + text)
            found.add(encoded[4 if before else 0 :].rstrip(b"=")[:-1])
    return found


def assert_no_secret(one: Key, person: Person, *done: Done) -> None:
    places = {f"file {name}": content for name, content in contents(person.home).items()}
    places |= {f"output {n}": each.said.encode() for n, each in enumerate(done)}
    for secret in (one.secret, one.api_key):
        for trace in traces(secret):
            assert not [place for place, content in places.items() if trace in content]
    for place, content in places.items():
        assert PASSPHRASE.encode() not in content, place


# ---- the journey ------------------------------------------------------------------------------


def test_a_key_is_added_listed_checked_used_and_removed(person: Person) -> None:
    steps = [person.process("keys", "add", "kraken", "--stdin", given=given(READS))]
    assert "kraken: the key is stored in the encrypted file. It may: query-closed-trades, " in steps[0].stdout
    assert "bound to no address" not in steps[0].stdout

    steps.append(person.run("keys", "list"))
    row, kept, advice = steps[1].stdout.splitlines()[2:]
    (listed,) = json.loads(person.run("keys", "list", "--json").stdout)
    today = listed["added"]
    assert row.split() == ["kraken", "kraken", f"{READS.api_key[:4]}...", today, "never", today, "read", "yes"]
    assert kept == "Kept in: encrypted file"
    assert advice.startswith("kraken: older than a year: ") and advice.endswith("open the key, Delete")  # made in 2023
    assert listed == {
        "name": "kraken", "exchange": "kraken", "key_starts": READS.api_key[:4], "store": "encrypted file",
        "added": today, "created": "2023-01-01", "last_used": None, "asked": today, "read": True, "trade": False,
        "withdraw": False, "unknown": False, "may": sorted(READ_ONLY), "ip_bound": True, "expires": None,
        "advice": advice.removeprefix("kraken: "),
    }  # fmt: skip

    steps.append(person.run("keys", "check"))
    row, aged, factor = steps[2].stdout.splitlines()[2:]
    assert row.split() == ["kraken", "kraken", today, "never", today, "yes", "no", "no", "yes"]
    assert aged == advice and "second factor" in factor
    (checked,) = json.loads(person.run("keys", "check", "--json").stdout)
    assert checked == listed | {"reads_only": True, "notes": [listed["advice"]]}

    steps.append(person.process("import"))
    assert re.search(r"^kraken: \d+ new records$", steps[3].stdout, re.MULTILINE)
    assert "until next year, revoke it now. At kraken.com" in steps[3].stdout
    assert "until next year" not in person.run("import").stdout  # whoever imports often is not told each time
    (listed,) = json.loads(person.run("keys", "list", "--json").stdout)
    assert listed["last_used"] == listed["asked"] == listed["added"] and "query-ledger" in listed["may"]
    status = person.run("status")
    assert "equal" in status.stdout and "DIFFERS" not in status.stdout
    accounts = json.loads(person.run("status", "--json").stdout)["accounts"]
    assert_no_secret(READS, person, *steps)

    steps.append(person.run("keys", "remove", "kraken"))
    assert "A key works until you revoke it there. At kraken.com" in steps[4].stdout and "kraken.com" in steps[4].stdout
    assert json.loads(person.run("status", "--json").stdout)["accounts"] == accounts
    assert "no account is synced by API" in person.run("import").stdout
    assert_no_secret(READS, person, *steps)


def test_two_keys_of_one_exchange_have_two_names_and_neither_hides_the_other(person: Person, records: Records) -> None:
    add(person, READS)
    again = add(person, KEYS["second"], code=1)
    assert "already a key 'kraken'" in again.stderr and "--name" in again.stderr
    add(person, KEYS["second"], "--name", "kraken-old")
    documents = [json.loads(person.run("keys", which, "--json").stdout) for which in ("list", "check")]
    assert [[each["name"] for each in document] for document in documents] == [["kraken", "kraken-old"]] * 2
    assert [each["reads_only"] for each in documents[1]] == [True, True]
    assert [each["ip_bound"] for each in documents[1]] == [True, False]
    with Sandbox(replace(records, keys=(KEYS["second"],))) as today:  # the other one is revoked there
        person.environment["TAXSYNC_PROXY_URL"] = today.proxy_url
        lines = person.run("keys", "check", code=1).stdout.splitlines()
        document = person.run("keys", "check", "--json", code=1).stdout
    assert [line.split()[5] for line in lines[2:4]] == ["unknown", "yes"]
    assert lines[4].startswith("kraken: Kraken (GetApiKeyInfo): it does not know the key")
    assert [each["reads_only"] for each in json.loads(document)] == [None, True]
    missing = person.run("keys", "remove", "karken", code=1)
    assert missing.stderr == "there is no key 'karken' here; name one that is stored: kraken, kraken-old\n"
    person.run("keys", "remove", "kraken")
    settings = (person.data / "taxsync.toml").read_text()
    assert "[accounts.kraken-old]" in settings and "[accounts.kraken]" not in settings


# ---- what a key may do ------------------------------------------------------------------------

BOTH = ("--allow-trade", "--allow-unverified")


@pytest.mark.parametrize(
    ("which", "options", "says"),
    [
        ("exports", (), ("export-data", "bound to no address")),
        ("limited", (), ("does not see everything: nothing before 2024-01-01", "expires on 2100-01-01")),
        ("trades", ("--allow-trade",), ("modify-trades",)),
        ("unknown", BOTH, ("launch-rockets",)),
    ],
)
def test_a_key_that_may_be_stored_is_stored(
    which: str, options: tuple[str, ...], says: tuple[str, ...], person: Person
) -> None:
    done = add(person, KEYS[which], *options)
    assert not [words for words in ("the key is stored in the encrypted file", *says) if words not in done.stdout]
    assert '[accounts.kraken]\nexchange = "kraken"' in (person.data / "taxsync.toml").read_text()
    assert_no_secret(KEYS[which], person, done)


@pytest.mark.parametrize(
    ("which", "options", "says"),
    [
        ("trades", (), "may trade (it may: close-trades, modify-trades; besides: query-"),
        ("trades", ("--allow-unverified",), "--allow-trade"),
        ("unknown", (), "launch-rockets"),
        ("withdraws", (), "move funds (it may: withdraw-funds; besides: query-closed-trades, "),
        ("withdraws", BOTH, "never stored"),
        ("addresses", BOTH, "never stored"),
        ("no ledger", (), "lacks what import needs: Query ledger entries"),
        ("no ledger", BOTH, "lacks what import needs: Query ledger entries"),
        ("ended", (), "expired"),
        ("past", BOTH, "Kraken: the key has expired, on 2026-01-02; make a new one. At kraken.com"),
    ],
)
def test_a_key_that_may_not_be_stored_leaves_nothing(
    which: str, options: tuple[str, ...], says: str, person: Person
) -> None:
    done = add(person, KEYS[which], *options, code=1)
    assert says in done.stderr and len(done.stderr.splitlines()) == 1 and not done.stdout
    assert_nothing_stored(person)
    assert_no_secret(KEYS[which], person, done)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"secret": STRANGER.secret}, "the secret does not belong to the key"),
        ({"apiKey": STRANGER.api_key}, "does not know the key"),
        ({"secret": READS.secret[:-5]}, "not of the form"),
        ({"apiKey": READS.secret, "secret": READS.api_key}, "does not know the key"),
    ],
    ids=["another secret", "unknown key", "truncated secret", "pasted into each other's place"],
)
def test_credentials_that_the_exchange_does_not_take_leave_nothing(
    changes: dict[str, str], says: str, person: Person
) -> None:
    done = person.run("keys", "add", "kraken", "--stdin", given=given(READS, **changes), code=1)
    assert says in done.stderr and len(done.stderr.splitlines()) == 1
    assert_nothing_stored(person)
    for one in (READS, STRANGER):
        assert_no_secret(one, person, done)


def test_a_key_that_has_gained_a_right_is_not_used_any_more(person: Person, records: Records) -> None:
    add(person, READS)
    for right, words in (("modify-trades", "may trade"), ("withdraw-funds", "may withdraw")):
        grown = replace(records, keys=(replace(READS, permissions=(*READ_ONLY, right)),))
        with Sandbox(grown) as today:
            person.environment["TAXSYNC_PROXY_URL"] = today.proxy_url
            done = person.run("import", code=1)
            assert words in done.stderr and "Nothing was fetched" in done.stderr
            assert {request.name for request in today.requests} & {"Ledgers", "Balance"} == set()
        assert today.forbidden == []


# ---- what is given ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not one JSON object"),
        (given(READS)[:-9], "not one JSON object"),
        (f"{READS.api_key}\n{READS.secret}\n", "not one JSON object"),
        (given(READS).replace('"', "'"), "not one JSON object"),
        (f"[{given(READS)}]", "not one JSON object"),
        (given(READS, password=READS.secret), "has password which is not one of"),
        (given(READS, **{READS.secret: "x"}), "has a name which is not one of"),
        (json.dumps({"apiKey": READS.api_key}), "secret is missing"),
        (given(READS, secret=""), "secret is empty"),
        (given(READS, secret=f"{READS.secret[:40]}\n{READS.secret[40:]}"), "line break"),
        (given(READS, secret=f"{READS.secret[:40]} {READS.secret[40:]}"), "secret has a space inside"),
        (given(READS, privateKey="0x" + "1" * 64), "privateKey"),
        ("[" * 199_000, "larger than 100 kB"),
    ],
    ids=["empty", "truncated", "no JSON", "single quotes", "a list", "an extra name", "a secret as a name",
         "one missing", "an empty one", "a line break", "a space", "a private key", "huge"],
)  # fmt: skip
def test_what_is_no_set_of_credentials_is_refused_before_anyone_is_asked(
    text: str, says: str, person: Person, exchange: Sandbox
) -> None:
    before = len(exchange.requests)
    done = person.run("keys", "add", "kraken", "--stdin", given=text, code=1)
    assert says in done.stderr and len(done.stderr.splitlines()) == 1
    assert len(exchange.requests) == before
    assert_nothing_stored(person)
    assert_no_secret(READS, person, done)


def test_spaces_and_line_ends_that_came_along_are_no_part_of_a_secret(person: Person) -> None:
    text = given(READS, apiKey=f"  {READS.api_key}\n", secret=f"\t{READS.secret} \r\n")
    assert "is stored" in person.run("keys", "add", "kraken", "--stdin", given=f"\ufeff{text}\n").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("kraken",), 2, "not a terminal: give --stdin"),
        (("krakne", "--stdin"), 1, "is it 'kraken'?"),
        (("kraken", "--stdin", "--name", " x"), 1, "not an account name"),
        (("kraken", "--stdin", READS.secret), 2, "credentials are never arguments"),
        (("kraken", "--secret", READS.secret), 2, "No such option: --secret"),
        ((), 2, "Missing argument 'EXCHANGE'"),
    ],
    ids=["no --stdin", "a misspelt exchange", "no name", "a secret as argument", "a secret as option", "no exchange"],
)
def test_a_wrong_command_is_one_line_without_the_secret(
    arguments: tuple[str, ...], code: int, says: str, person: Person, exchange: Sandbox
) -> None:
    before = len(exchange.requests)
    done = person.run("keys", "add", *arguments, given=given(READS), code=code)
    assert says in done.stderr and len(done.stderr.splitlines()) == 1 and not done.stdout
    assert len(exchange.requests) == before
    assert_no_secret(READS, person, done)


def test_nobodys_key_goes_into_the_demos_folder(person: Person) -> None:
    (person.data / "demo.txt").touch()
    assert "is the demo's" in add(person, READS, code=1).stderr
    assert not (person.data / "vault.bin").exists()


@pytest.mark.parametrize(
    ("where", "name", "says"),
    [
        ("krakne", "second", "is it 'kraken'?"),
        ("kraken", " x", "is not an account name"),
        ("kraken", "x" * 101, "is not an account name"),
        ("kraken", "kraken", "already a key 'kraken': give another --name, or `taxsync keys remove kraken` first"),
        ("coinbase", "kraken", "account 'kraken' is at kraken"),
    ],
)
def test_what_can_not_be_stored_is_refused_before_any_secret_is_asked_for(
    where: str, name: str, says: str, person: Person, never_asked: Callable[[Exchange], str]
) -> None:
    add(person, READS)
    before = contents(person.data)
    with pytest.raises(Stop, match=re.escape(says)):
        keys.add(
            person.data, where, name, never_asked, datetime.now(UTC), Access(read_environment(person.environment)),
            pytest.fail, trade=False, unverified=False,
        )  # fmt: skip
    assert contents(person.data) == before


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"TAXSYNC_VAULT": "keyring"}, "the keyring of this system can't be used: this system has none; set TAXSYNC_"),
        ({"TAXSYNC_PASSPHRASE": ""}, "a passphrase is needed to make the encrypted file of keys"),
        ({"TAXSYNC_PASSPHRASE": "", "TAXSYNC_VAULT": ""}, "a passphrase is needed to make the encrypted file of keys"),
    ],
)
def test_where_no_key_can_be_kept_no_secret_is_asked_for(
    changes: dict[str, str], says: str, person: Person, never_asked: Callable[[Exchange], str]
) -> None:
    before, ring = contents(person.data), keyring.get_keyring()
    keyring.set_keyring(NoKeyring())
    try:
        with pytest.raises(Stop, match=re.escape(says)):
            keys.add(
                person.data, "kraken", "", never_asked, datetime.now(UTC),
                Access(read_environment(person.environment | changes)), pytest.fail, trade=False, unverified=False,
            )  # fmt: skip
    finally:
        keyring.set_keyring(ring)
    assert contents(person.data) == before


def test_a_key_is_not_stored_a_second_time_under_another_name(person: Person, exchange: Sandbox) -> None:
    add(person, READS)
    before, asked = contents(person.data), len(exchange.requests)
    done = add(person, READS, "--name", "second", code=1)
    assert done.stderr == (
        "this key is stored already, as 'kraken': under a second name its history would count twice; use that one, or "
        "`taxsync keys remove kraken` first\n"
    )
    assert contents(person.data) == before and len(exchange.requests) == asked


def test_a_folder_that_others_may_read_is_told(person: Person) -> None:
    assert "Other users" not in person.run("status").stdout + person.run("check").stdout
    (person.data / "taxsync.toml").chmod(0o644)
    for command in ("status", "check"):
        line = person.run(command).stdout.splitlines()[-1]
        assert "may read" in line and "taxsync.toml: `chmod -R go= " in line and "ledger.db" not in line
        assert person.run(command, "--json").stdout.strip().startswith(("{", "["))
    person.data.chmod(0o755)
    assert f"may read {person.data.name}, " in person.run("check").stdout


def test_a_name_may_be_as_long_as_an_accounts(person: Person) -> None:
    name = "x" * 100
    add(person, READS, "--name", name)
    assert f"\n[accounts.{name}]\n" in (person.data / "taxsync.toml").read_text()
    assert name in person.run("keys", "list").stdout


def test_an_answer_of_an_unknown_form_is_the_last_word_of_who_can_not_tell(person: Person, records: Records) -> None:
    strange = Fault(body=lambda _: b'{"error":[],"result":{"rights":"all"}}')
    with Sandbox(records, faults=lambda *_: strange) as today:
        person.environment["TAXSYNC_PROXY_URL"] = today.proxy_url
        assert "it can't be told whether this key only reads" in add(person, READS, code=1).stderr
        assert [request.name for request in today.requests] == ["GetApiKeyInfo", "Balance"]
        assert_nothing_stored(person)
        assert "Kraken can't tell what the key may do" in add(person, READS, "--allow-unverified").stdout
        (checked,) = json.loads(person.run("keys", "check", "--json").stdout)
        assert len(today.requests) == 6
    assert (checked["read"], checked["unknown"], checked["reads_only"]) == (None, True, None)


def test_a_fault_that_may_pass_says_what_to_do_with_a_key(person: Person, records: Records) -> None:
    with Sandbox(records, faults=lambda *_: UNAVAILABLE) as today:
        person.environment["TAXSYNC_PROXY_URL"] = today.proxy_url
        done = add(person, READS, code=1)
    assert done.stderr.endswith("; try again later\n") and "import" not in done.stderr


# ---- an exchange that answers oddly -----------------------------------------------------------


def saying(records: Records, **changes: object) -> Sandbox:
    """The exchange, which says this of READS, whatever it may do."""
    told = {"permissions": [*READ_ONLY], "apiKey": READS.api_key, **changes}
    odd = Fault(body=lambda _: json.dumps({"error": [], "result": told}, separators=(",", ":")).encode())
    return Sandbox(records, faults=lambda _, path: odd if path.endswith("GetApiKeyInfo") else None)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"permissions": [*READ_ONLY, "withdraw-funds", 1]}, "may withdraw or move funds (it may: withdraw-funds)"),
        ({"permissions": {"withdraw-funds": True}}, "may withdraw or move funds (it may: withdraw-funds)"),
        ({"apiKey": "another", "permissions": ["withdraw-funds"]}, "may withdraw or move funds"),
        ({"createdTime": "yesterday", "canTransfer": "true"}, "may withdraw or move funds (it may: canTransfer)"),
    ],
)
def test_what_plainly_moves_funds_is_refused_whatever_form_the_answer_has(
    changes: dict[str, object], says: str, person: Person, records: Records
) -> None:
    with saying(records, **changes) as today:
        person.environment["TAXSYNC_PROXY_URL"] = today.proxy_url
        assert says in add(person, READS, *BOTH, code=1).stderr
    assert_nothing_stored(person)


def test_a_key_whose_rights_could_not_be_told_is_used_until_the_answer_says_that_it_moves_funds(
    person: Person, records: Records
) -> None:
    with saying(records, apiKey="another") as today:
        person.environment["TAXSYNC_PROXY_URL"] = today.proxy_url
        refused = add(person, READS, code=1)
        assert "can't be told whether this key only reads (its answer is about another key)" in refused.stderr
        added = add(person, READS, "--allow-unverified")
        assert "Kraken can't tell what the key may do (its answer is about another key)." in added.stdout
        before = len(today.requests)
        assert re.search(r"^kraken: \d+ new records$", person.run("import").stdout, re.MULTILINE)
        assert [request.name for request in today.requests][before : before + 2] == ["GetApiKeyInfo", "Balance"]
        assert "(its answer is about another key): look there" in person.run("keys", "check").stdout
    with saying(records, apiKey="another", permissions=["withdraw-funds"]) as today:
        person.environment["TAXSYNC_PROXY_URL"] = today.proxy_url
        assert "may withdraw or move funds" in person.run("import", code=1).stderr
        assert {request.name for request in today.requests} == {"GetApiKeyInfo"}
        assert "may withdraw or move funds" in person.run("keys", "check", code=1).stdout


def test_where_the_rights_can_not_be_told_this_time_a_wrong_key_is_noticed_all_the_same(
    person: Person, records: Records
) -> None:
    with saying(records, permissions="all") as today:
        person.environment["TAXSYNC_PROXY_URL"] = today.proxy_url
        assert "does not know the key" in add(person, STRANGER, "--allow-unverified", code=1).stderr
    assert_nothing_stored(person)


def test_a_check_says_and_keeps_what_the_next_import_would(person: Person, records: Records) -> None:
    add(person, READS)
    for changes, code, says in (
        ({"permissions": [*READ_ONLY, "withdraw-funds"]}, 1, "may withdraw or move funds"),
        ({"validUntil": f"{NEW_YEAR_2026}"}, 1, "the key has expired, on 2026-01-01"),
        ({"permissions": [*READ_ONLY, "modify-trades"]}, 1, "`taxsync keys remove kraken`, and add it again with"),
        ({}, 0, ""),
    ):
        with saying(records, **changes) as today:
            person.environment["TAXSYNC_PROXY_URL"] = today.proxy_url
            first = person.run("import", code=code)
            for _ in range(2):
                assert says in first.stderr and says in person.run("keys", "check", code=code).stdout
                codes = [each["code"] for each in json.loads(person.run("check", "--json", code=code).stdout)]
                assert ("key_put_aside" in codes) is bool(code)


def test_a_key_that_has_lost_a_right_reads_only_and_is_told_all_the_same(person: Person, records: Records) -> None:
    add(person, READS)
    with saying(records, permissions=[right for right in READ_ONLY if right != "query-ledger"]) as today:
        person.environment["TAXSYNC_PROXY_URL"] = today.proxy_url
        (checked,) = json.loads(person.run("keys", "check", "--json", code=1).stdout)
    assert checked["reads_only"] and "lacks what import needs: Query ledger entries" in checked["notes"][0]
    (listed,) = json.loads(person.run("keys", "list", "--json").stdout)
    assert listed["advice"].startswith("lacks what import needs: Query ledger entries. At kraken.com")
    assert "read in part" in person.run("keys", "list").stdout


@pytest.mark.parametrize(
    ("where", "answer", "cure"),
    [
        ("coinbase", Said('{"error":"PERMISSION_DENIED","message":"made up"}', 403), "View only"),
        ("okx", Said('{"code":"50120","msg":"made up"}', 401), "tick only Read"),
        ("bybit", Said('{"retCode":10005,"retMsg":"made up","result":{},"time":1}'), "choose Read-Only"),
    ],
)
def test_a_key_that_lacks_the_right_to_be_asked_is_told_what_it_should_have(
    where: str, answer: Said, cure: str, person: Person
) -> None:
    ((address, _),) = RECORDED[where].values()
    secret = pem() if where == "coinbase" else READS.secret
    given = {"apiKey": "organizations/1/apiKeys/2", "secret": secret, "password": "made up"}
    wanted = importers.exchange(where).credentials
    with Recorded() as there:
        there.say(address, answer)
        person.environment["TAXSYNC_PROXY_URL"] = there.proxy_url
        text = json.dumps({name: given[name] for name in wanted})
        refused = person.run("keys", "add", where, "--stdin", given=text, code=1).stderr
    assert "the key lacks the right to this; add it to the key there. At " in refused and cure in refused
    assert_nothing_stored(person)


def test_a_key_of_an_exchange_that_is_not_known_any_more_hides_no_other_and_can_be_removed(person: Person) -> None:
    add(person, READS)
    open_vault(person.data, "file", PASSPHRASE).put("old", "gonebefore", "2026-01-01", (), Credentials({"apiKey": "a"}))
    settings = person.data / "taxsync.toml"
    settings.write_text(f'{settings.read_text()}\n[accounts.old]\nexchange = "gonebefore"\n')
    listed = json.loads(person.run("keys", "list", "--json").stdout)
    assert [(each["name"], each["exchange"]) for each in listed] == [("kraken", "kraken"), ("old", "gonebefore")]
    checked = json.loads(person.run("keys", "check", "--json", code=1).stdout)
    assert [each["reads_only"] for each in checked] == [True, None]
    assert "'gonebefore' is not an exchange that taxsync knows" in checked[1]["notes"][0]
    removed = person.run("keys", "remove", "old")
    assert removed.stdout.endswith("At gonebefore: in the settings of its API keys, delete this one\n")
    assert "gonebefore" not in settings.read_text()


def test_to_revoke_a_key_is_offered_last_and_not_before_the_history_is_whole(person: Person, records: Records) -> None:
    add(person, READS)
    with Sandbox(records, faults=lambda _, path: UNAVAILABLE if path.endswith("TradesHistory") else None) as today:
        person.environment["TAXSYNC_PROXY_URL"] = today.proxy_url
        assert "until next year" not in person.run("import", code=1).stdout
    with Sandbox(records) as today:
        person.environment["TAXSYNC_PROXY_URL"] = today.proxy_url
        assert "until next year, revoke it now" in person.run("import").stdout.splitlines()[-1]


def test_a_stored_key_that_was_allowed_to_trade_is_told_and_used(person: Person) -> None:
    add(person, KEYS["trades"], "--allow-trade")
    checked = person.run("keys", "check", code=1).stdout
    assert "modify-trades" in checked and "which was allowed when it was stored" in checked
    assert "--allow-trade" not in checked
    person.run("import")
    assert "key_put_aside" not in person.run("check").stdout


# ---- an exchange that can't tell what a key may do --------------------------------------------

BITSTAMP = "https://www.bitstamp.net/api/v2/account_balances/"


def test_where_rights_can_not_be_told_a_wrong_key_is_noticed_all_the_same(person: Person) -> None:
    given = json.dumps({"apiKey": READS.api_key, "secret": READS.secret})
    with Recorded() as bitstamp:
        person.environment["TAXSYNC_PROXY_URL"] = bitstamp.proxy_url
        command = ("keys", "add", "bitstamp", "--stdin")
        bitstamp.say(BITSTAMP, Said('{"status":"error","reason":"Invalid signature","code":"API0005"}', 403))
        wrong = person.run(*command, "--allow-unverified", given=given, code=1)
        assert "the secret does not belong to the key" in wrong.stderr
        bitstamp.say(BITSTAMP, [{"currency": "usd", "total": "0", "available": "0", "reserved": "0"}])
        refused = person.run(*command, given=given, code=1)
        assert "it can't be told whether this key only reads" in refused.stderr
        assert_nothing_stored(person)
        added = person.run(*command, "--allow-unverified", given=given)
        assert "Bitstamp takes the key, but can't tell what it may do." in added.stdout
        checked = person.run("keys", "check")
        assert [line.split()[3:] for line in checked.stdout.splitlines()[2:3]] == [
            ["never", "can't", "tell", "unknown", "unknown", "unknown", "unknown"]
        ]
        bitstamp.say(BITSTAMP, Said('{"status":"error","reason":"API key not found","code":"API0001"}', 403))
        assert "it does not know the key" in person.run("keys", "check", code=1).stdout
        assert {asked.address for asked in bitstamp.requests} == {BITSTAMP}
    assert_no_secret(READS, person, wrong, refused, added, checked)


def test_where_an_exchange_has_no_list_of_rights_a_wrong_key_is_noticed_all_the_same(person: Person) -> None:
    given = json.dumps({"apiKey": READS.api_key, "secret": READS.secret})
    wallet = "https://api.binance.us/api/v3/account"
    with Recorded() as binance:  # which has nothing at the address of the rights
        person.environment["TAXSYNC_PROXY_URL"] = binance.proxy_url
        binance.say(wallet, Said('{"code":-1022,"msg":"Signature for this request is not valid."}', 400))
        command = ("keys", "add", "binanceus", "--stdin", "--allow-unverified")
        assert "the secret does not belong to the key" in person.run(*command, given=given, code=1).stderr
        assert [asked.address == wallet for asked in binance.requests] == [False, True]
    assert_nothing_stored(person)


# ---- a command that is killed -----------------------------------------------------------------

# The process dies just before a file of this name gets its new content.
DIES = """
import os, signal, sys
def watch(event, arguments):
    if event == "os.rename" and os.path.basename(os.fspath(arguments[1])) == os.environ["DIES_AT"]:
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")
@pytest.mark.parametrize(("command", "at"), [("add", "vault.bin"), ("remove", "taxsync.toml")])
def test_a_killed_command_leaves_what_the_next_one_explains_and_cures(person: Person, command: str, at: str) -> None:
    add(person, READS, "--name", "old")
    if command == "remove":
        add(person, KEYS["second"])
    (person.home / "site").mkdir()
    (person.home / "site" / "sitecustomize.py").write_text(DIES)
    dying = person.environment | {"DIES_AT": at, "PYTHONPATH": f"{person.home}/site:{person.environment['PYTHONPATH']}"}
    arguments = ("add", "kraken", "--stdin") if command == "add" else ("remove", "kraken")
    killed = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "keys", *arguments], input=given(KEYS["second"]), capture_output=True,
        text=True, env=dying, cwd=person.home,
    )  # fmt: skip
    assert killed.returncode == -9 and not killed.stdout
    told = "kraken: no key is stored for it; `taxsync keys add kraken --name kraken` adds one"
    assert told in person.run("keys", "list").stderr and told in person.run("keys", "check").stderr
    assert f"\n{told}" in f"\n{person.run('import', code=1).stderr}"
    assert told in person.run("keys", "check", "kraken", code=1).stderr
    if command == "remove":
        assert "the account, which had no key, is forgotten here" in person.run("keys", "remove", "kraken").stdout
    else:
        add(person, KEYS["second"])
    assert not person.run("keys", "list").stderr
    names = [each["name"] for each in json.loads(person.run("keys", "list", "--json").stdout)]
    assert names == (["old"] if command == "remove" else ["kraken", "old"])
    assert not list(person.data.glob(".vault.bin.*"))


def test_a_key_that_no_account_uses_is_told(person: Person) -> None:
    add(person, READS)
    settings = person.data / "taxsync.toml"
    settings.write_text(settings.read_text().replace('[accounts.kraken]\nexchange = "kraken"\n', ""))
    assert "kraken: no account of taxsync.toml uses it" in person.run("keys", "list").stdout


# ---- the environment --------------------------------------------------------------------------


def test_the_secrets_of_tls_are_written_nowhere(person: Person, exchange: Sandbox) -> None:
    """Python and urllib3 write them to SSLKEYLOGFILE, where it is set: who reads that file reads every request."""
    log = person.home / "tls.log"
    environment = person.environment | {"SSLKEYLOGFILE": str(log)}
    other = "import ssl; ssl.create_default_context()"
    subprocess.run([sys.executable, "-c", other], env=environment, check=True)
    assert log.exists()  # another program writes there
    log.unlink()
    https = environment | {"TAXSYNC_PROXY_URL": exchange.proxy_url.replace("http:", "https:")}
    person.process("keys", "add", "kraken", "--stdin", given=given(READS), environment=https, code=1)
    assert not log.exists()


# ---- the passphrase ---------------------------------------------------------------------------


def test_a_wrong_passphrase_destroys_nothing(person: Person) -> None:
    add(person, READS)
    vault, settings = (person.data / "vault.bin").read_bytes(), (person.data / "taxsync.toml").read_bytes()
    person.environment["TAXSYNC_PASSPHRASE"] = "Correct horse"
    for command in (("keys", "remove", "kraken"), ("import",)):
        done = person.run(*command, code=1)
        assert "wrong passphrase" in done.stderr and len(done.stderr.splitlines()) == 1
    assert "wrong passphrase" in add(person, KEYS["second"], "--name", "second", code=1).stderr
    assert (person.data / "vault.bin").read_bytes() == vault
    assert (person.data / "taxsync.toml").read_bytes() == settings
    person.environment["TAXSYNC_PASSPHRASE"] = PASSPHRASE
    assert "kraken" in person.run("keys", "list").stdout


def test_a_short_passphrase_is_taken_with_a_remark(person: Person) -> None:
    person.environment["TAXSYNC_PASSPHRASE"] = "horse"
    assert "the passphrase is short" in add(person, READS).stdout
    assert "the passphrase is short" not in add(person, KEYS["second"], "--name", "second").stdout


def test_without_a_passphrase_and_a_terminal_the_line_says_which_variable(person: Person) -> None:
    del person.environment["TAXSYNC_PASSPHRASE"]
    done = add(person, READS, code=1)
    assert "TAXSYNC_PASSPHRASE" in done.stderr and len(done.stderr.splitlines()) == 1
    assert_nothing_stored(person)


# ---- a person at a terminal -------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals of POSIX systems")
def test_at_a_terminal_every_secret_is_asked_for_and_none_is_echoed(person: Person) -> None:
    del person.environment["TAXSYNC_PASSPHRASE"]
    added = person.at_terminal(
        ("keys", "add", "kraken"),
        [
            ("kraken apiKey: ", READS.api_key),
            ("kraken secret: ", READS.secret),
            ("New passphrase for the encrypted file of keys: ", PASSPHRASE),
            ("Repeat for confirmation: ", PASSPHRASE),
        ],
    )
    assert added.code == 0 and "the key is stored in the encrypted file" in added.stdout
    listed = person.at_terminal(("keys", "list"), [("Passphrase of the encrypted file of keys: ", PASSPHRASE)])
    assert listed.code == 0 and f"{READS.api_key[:4]}..." in listed.stdout
    assert_no_secret(READS, person, added, listed)


OLDER = {"principal": "cccc", "principalType": "USER", "scopes": ["rat#view"], "allowedIps": [], "enabled": True}


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals of POSIX systems")
@pytest.mark.parametrize("what", ["key file", "older key file", "key file in one line", "key block"])
def test_a_key_of_many_lines_can_be_pasted_unseen(person: Person, what: str) -> None:
    name, block = "organizations/1/apiKeys/2", pem()
    file = {"name": name, **(OLDER if what.startswith("older") else {}), "privateKey": block}
    text = json.dumps(file, indent=None if what.endswith("line") else 3)
    pasted = [("coinbase apiKey: ", "\n"), ("coinbase apiKey: ", text)]  # an empty line is no answer
    if what == "key block":
        pasted = [("coinbase apiKey: ", name), ("coinbase secret: ", block)]
    with Recorded() as coinbase:
        coinbase.say(*RECORDED["coinbase"]["v3PrivateGetBrokerageKeyPermissions"])
        person.environment["TAXSYNC_PROXY_URL"] = coinbase.proxy_url
        added = person.at_terminal(("keys", "add", "coinbase"), pasted)
        assert [asked.headers["authorization"][:9] for asked in coinbase.requests] == ["Bearer ey"]
    assert added.code == 0 and "the key is stored in the encrypted file. It may: view." in added.stdout
    assert ("reading on to its end, unseen" in added.stdout) is not what.endswith("line")
    shown = added.stdout
    assert name not in shown and "PRIVATE KEY" not in shown and not [line for line in block.split() if line in shown]
    vault = open_vault(person.data, "file", PASSPHRASE)
    assert vault.get("coinbase").reveal() == {"apiKey": name, "secret": block.strip()}


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals of POSIX systems")
def test_a_person_is_told_that_an_exchange_can_not_be_asked_and_may_say_no(person: Person) -> None:
    with Recorded() as bitstamp:
        bitstamp.say(BITSTAMP, [])
        person.environment["TAXSYNC_PROXY_URL"] = bitstamp.proxy_url
        question = "Does it only read, and shall it be stored? [y/N]: "
        asked = [("bitstamp apiKey: ", READS.api_key), ("bitstamp secret: ", READS.secret), (question, "")]
        refused = person.at_terminal(("keys", "add", "bitstamp"), asked)
        asked[-1] = (question, "y")
        added = person.at_terminal(("keys", "add", "bitstamp"), asked)
    assert refused.code == 1 and "Bitstamp: the key is not stored. At bitstamp.net" in refused.stdout
    assert refused.stdout.startswith("Bitstamp can't be asked what a key may do, only whether it works")
    assert added.code == 0 and "Bitstamp takes the key, but can't tell what it may do." in added.stdout
    assert_no_secret(READS, person, refused, added)


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals of POSIX systems")
def test_at_a_terminal_what_is_there_already_is_refused_without_a_question(person: Person) -> None:
    add(person, READS)
    for arguments, says in (((), "already a key 'kraken'"), (("--name", "x" * 101), "is not an account name")):
        done = person.at_terminal(("keys", "add", "kraken", *arguments), [])
        assert done.code == 1 and says in done.stdout and "apiKey" not in done.stdout
