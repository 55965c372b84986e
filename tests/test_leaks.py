"""The whole program with marked secrets, every failure provoked, everything that it wrote searched.

Secret, key, signature and passphrase show nowhere: not in output, settings, ledger, reports, vault, home, temporary
folder, debug log, nor in an exception or what stands behind it; neither as they are nor in another form.
"""

import base64
import copy
import hashlib
import io
import json
import logging
import shutil
import sqlite3
import sys
import tempfile
import urllib.parse
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import keyring
import pytest
import requests
from keyring.backend import KeyringBackend
from msgspec.structs import replace

import importers
from importers.permissions import UNSAYABLE
from importers.sandbox import server
from importers.sandbox.book import Book
from importers.sandbox.kraken import Key, Records
from importers.sandbox.server import Fault, Sandbox
from pipeline.cli import main
from pipeline.issues import Stop
from pipeline.run import keys
from pipeline.settings import Access, read_environment
from tests.echo import ANSWERS, Echo, How
from tests.importers.exchanges.recorded import KRAKEN, READ_ONLY
from tests.person import CTRL_C, LEDGERS, NOBODY, Done, Person
from tests.traces import Log, N, everything, files, forms, leaks

# ---- what is planted --------------------------------------------------------------------------


def marked(what: str) -> bytes:
    return hashlib.sha512(f"{what}, marked".encode()).digest()


def made(what: str) -> Key:
    """A key as Kraken makes them."""
    key, secret = marked(f"key {what}")[:42], marked(f"secret {what}")
    return Key(base64.b64encode(key).decode(), base64.b64encode(secret).decode())


READS, SECOND, STRANGER = made("reads"), made("second"), made("stranger")
PASSPHRASE, WRONG = (f"{marked(what).hex()[:28]} horse & staple/{what}" for what in ("right", "wrong"))
PLANTED = {
    **{f"{what} {name}": value for what, key in (("the first", READS), ("the second", SECOND), ("a strange", STRANGER))
       for name, value in key.credentials.items()},
    "passphrase": PASSPHRASE, "wrong passphrase": WRONG,
}  # fmt: skip


class Ring(KeyringBackend):
    """The keyring of this system, in memory; `sound` False: it fails with all it was told."""

    priority = 1

    def __init__(self, sound: bool = True) -> None:
        super().__init__()
        self.sound = sound
        self.kept: dict[str, str] = {}

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[username] = password
        if not self.sound:
            raise RuntimeError(f"could not keep {password}")

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get(username)


Ring.__module__, Ring.__qualname__ = "keyring.backends.SecretService", "Keyring"


class Spy(Sandbox):
    """The sandbox exchange, which keeps the signatures."""

    sent: dict[str, str]

    def respond(self, method: str, address: str, headers: dict[str, str], body: str) -> tuple[bytes, Fault | None]:
        if "api-sign" in headers:
            self.sent[f"signature {len(self.sent)}"] = headers["api-sign"]
        return super().respond(method, address, headers, body)

    def __enter__(self) -> "Spy":
        self.sent = {}
        super().__enter__()
        return self


def account(*known: Key) -> Records:
    book = Book({})
    book.pay_in(1_735_810_200, "ZUSD", "2000")
    book.buy(1_735_900_000, "XXBTZUSD", "420")
    return Records(book.ledgers, book.trades, book.deposits, book.withdrawals, known)


# ---- who is watched ---------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """Every logger says all it can, as someone who looks for a fault would have it."""
    handler = Log()
    for name in ("", "ccxt.base.exchange", "urllib3", "urllib3.connectionpool", "requests", "keyring", "filelock"):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.DEBUG)
    logging.getLogger().manager._clear_cache()  # type: ignore[attr-defined]
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


@pytest.fixture(scope="module")
def exchange() -> Iterator[Spy]:
    with Spy(account(READS, SECOND)) as spy:
        yield spy
    assert spy.forbidden == []


@pytest.fixture(scope="module")
def ring() -> Iterator[Ring]:
    before, ring = keyring.get_keyring(), Ring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


def someone(home: Path, proxy_url: str, vault: str) -> Person:
    person = Person(home)
    (home / "tmp").mkdir(exist_ok=True)
    person.environment |= {"TAXSYNC_PROXY_URL": proxy_url, "TAXSYNC_VAULT": vault, "TMPDIR": f"{home}/tmp"}
    person.environment["TAXSYNC_PASSPHRASE"] = PASSPHRASE
    return person


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, exchange: Spy, ring: Ring) -> dict[str, Path]:
    """Data folders with a key, its history and a report; the key in the keyring and in the encrypted file."""
    made = {}
    for vault in ("keyring", "file"):
        person = someone(tmp_path_factory.mktemp(vault), exchange.proxy_url, vault)
        person.run("init", "--country", "us")
        add(person, READS, "kraken")
        person.run("import")
        person.run("report", "--year", "2025")
        made[vault] = person.data
    return made


@pytest.fixture
def anyone(tmp_path: Path, folders: Mapping[str, Path], exchange: Spy, monkeypatch: pytest.MonkeyPatch) -> Any:
    def make(vault: str) -> Person:
        person = someone(tmp_path, exchange.proxy_url, vault)
        shutil.copytree(folders[vault], person.data)
        monkeypatch.setattr(tempfile, "tempdir", f"{tmp_path}/tmp")
        monkeypatch.setattr("time.sleep", lambda _: None)
        return person

    return make


@pytest.fixture
def person(anyone: Any) -> Person:
    """Whose keys are in the keyring: opening that costs no third of a second."""
    made: Person = anyone("keyring")
    return made


@pytest.fixture
def careful(anyone: Any) -> Person:
    """Whose keys are in the encrypted file."""
    made: Person = anyone("file")
    return made


def given(one: Key, **changes: str) -> str:
    return json.dumps(one.credentials | changes)


def add(person: Person, one: Key, name: str, *, code: int = 0, **changes: str) -> Done:
    text = given(one, **changes)
    return person.run("keys", "add", "kraken", "--name", name, "--stdin", given=text, code=code)


class Either(int):
    """The exit code of a command that may do its work or say why not."""

    __hash__ = int.__hash__

    def __eq__(self, other: object) -> bool:
        return other in (0, 1)


def attempt(person: Person, command: str, given: str = "") -> Done:
    return person.run(*command.split(), given=given, code=Either())


LOOKS = ("status", "status --json", "check", "check --json", "keys list", "keys list --json", "keys check",
         "report --year 2025", "keys remove kraken")  # fmt: skip


def tour(person: Person) -> list[Done]:
    """What a person looks at when something is amiss."""
    return [attempt(person, command) for command in LOOKS]


def chain(person: Person, text: str, exchange: str = "kraken") -> str:
    """All that stands behind the line when a key is not stored."""
    access = Access(read_environment(person.environment))
    with pytest.raises(Stop) as caught:
        keys.add(
            person.data, exchange, "third", text, datetime.now(UTC), access, lambda _: None,
            trade=False, unverified=False,
        )  # fmt: skip
    return f"{access!r} {everything(caught.value)}"


@pytest.fixture
def assert_clean(log: Log, ring: Ring, exchange: Spy) -> Callable[..., None]:
    def look(person: Person, *done: Done, said: str = "", sent: Mapping[str, str] | None = None, **more: str) -> None:
        written = {f"file {name}": content for name, content in files(person.home).items()}
        written |= {f"output {n}": each.said.encode() for n, each in enumerate(done)}
        written |= {"log": "\n".join(log.lines).encode(), "exceptions": said.encode()}
        in_ring = {f"key in the keyring {id[:4]}": key for id, key in ring.kept.items()}
        made = in_ring | dict(exchange.sent if sent is None else sent)  # by chance: how they begin may be like anything
        assert leaks(PLANTED | more, written, made) == []

    return look


# ---- the search itself ------------------------------------------------------------------------


def zipped(path: Path, leak: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", b"<t>" + leak + b"</t>")


def kept(path: Path, leak: bytes) -> None:
    with sqlite3.connect(path) as ledger:
        ledger.execute("create table note (text blob)")
        ledger.execute("insert into note values (?)", (leak,))
    ledger.close()


PLACES: dict[str, Callable[[Person, bytes], object]] = {
    "a file": lambda person, leak: (person.data / "note.txt").write_bytes(b"\0\1" + leak + b"\n"),
    "a file's name": lambda person, leak: (person.home / "tmp" / leak.hex()[:60]).touch(),
    "an archive": lambda person, leak: zipped(person.data / "report.xlsx", leak),
    "the ledger": lambda person, leak: kept(person.data / "ledger.db", leak),
    "the log": lambda person, leak: logging.getLogger("urllib3.connectionpool").debug(leak.decode()),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_planted_leak_is_found(place: str, person: Person, assert_clean: Callable[..., None]) -> None:
    assert_clean(person)
    PLACES[place](person, READS.secret.encode())
    with pytest.raises(AssertionError, match="the first secret"):
        assert_clean(person)


def test_a_leak_is_found_in_every_form_and_in_part() -> None:
    for name, secret in PLANTED.items():
        for form, text in forms(secret).items():
            for leak in (text, text[3 : 3 + N], text[-N:]):
                assert leaks({name: secret}, {"somewhere": b"xy" + leak + b"z"}), (name, form)
        for coded in (base64.b64encode, base64.urlsafe_b64encode):
            assert leaks({name: secret}, {"": coded(f'{{"a":"{secret}"}}'.encode())})
        assert leaks({name: secret}, {"": secret[:5].encode()}) and not leaks({name: secret}, {"": secret[:4].encode()})
    try:
        try:
            raise ValueError(PASSPHRASE)
        except ValueError:
            raise Stop("a clean line")  # noqa: B904  # the one before stays reachable
    except Stop as error:
        assert leaks(PLANTED, {"": everything(error).encode()})


# ---- all goes well ----------------------------------------------------------------------------

# Python then logs all it can, and notes what is started and which files are opened for writing.
WATCHED = """
import atexit, json, logging, os, sys
home = os.environ["HOME"]
logging.basicConfig(level=logging.DEBUG, filename=home + "/debug.log")
events = []
def watch(event, arguments):
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.fork", "os.forkpty"):
        events.append(["start", repr(arguments)])
    elif event == "open" and not isinstance(arguments[0], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        events.append(["write", os.path.abspath(os.fsdecode(arguments[0]))])
sys.addaudithook(watch)
def note():
    with open(home + "/events.jsonl", "a") as file:
        file.write("".join(json.dumps(event) + "\\n" for event in events))
atexit.register(note)
"""


def test_a_years_work_with_debug_logging_leaves_no_trace(
    careful: Person, exchange: Spy, assert_clean: Callable[..., None]
) -> None:
    (careful.home / "site").mkdir()
    (careful.home / "site" / "sitecustomize.py").write_text(WATCHED)
    careful.environment["PYTHONPATH"] = f"{careful.home}/site:{careful.environment['PYTHONPATH']}"
    careful.environment |= {"PYTHONWARNINGS": "default", "PYTHONFAULTHANDLER": "1"}
    before = len(exchange.sent)
    done = [
        careful.process("keys", "add", "kraken", "--name", "second", "--stdin", given=given(SECOND)),
        careful.process("import"),
        careful.process("keys", "check", "second"),
        careful.process("keys", "remove", "second"),
        *tour(careful),
    ]
    assert len(exchange.sent) > before + 10
    assert_clean(careful, *done)
    assert LEDGERS or b"DEBUG" in (careful.home / "debug.log").read_bytes()  # a lock of a file says so
    events = [json.loads(line) for line in (careful.home / "events.jsonl").read_text().splitlines()]
    assert [event for event in events if event[0] == "start"] == []
    written = {path for _, path in events} - {"/dev/null", "/dev/tty"}
    assert written and not [path for path in written if not path.startswith(f"{careful.home}/")]


# ---- an exchange that fails -------------------------------------------------------------------


@pytest.mark.parametrize("how", ANSWERS)
def test_an_exchange_that_fails_shows_nothing(how: str, person: Person, assert_clean: Callable[..., None]) -> None:
    with Echo(ANSWERS[how]) as echo:
        person.environment["TAXSYNC_PROXY_URL"] = echo.url
        done = [
            add(person, SECOND, "second", code=1), person.run("import", code=1), person.run("keys", "check", code=1)
        ]  # fmt: skip
        said = chain(person, given(SECOND))
    assert len(echo.sent) >= 4
    assert_clean(person, *done, said=said, sent=echo.sent)


@pytest.mark.parametrize("how", ["BROKEN_JSON", "CUT_OFF", "EMPTY", "DROPPED", "UNAVAILABLE"])
def test_an_exchange_that_fails_half_way_shows_nothing(
    how: str, person: Person, assert_clean: Callable[..., None]
) -> None:
    with Spy(account(READS), faults=lambda number, _: getattr(server, how) if number > 2 else None) as spy:
        person.environment["TAXSYNC_PROXY_URL"] = spy.proxy_url
        done = [person.run("import", code=1), *tour(person)]
    assert_clean(person, *done, sent=spy.sent)


def test_a_proxy_that_is_not_there_or_not_allowed_shows_nothing(
    person: Person, assert_clean: Callable[..., None]
) -> None:
    done = []
    for proxy_url in (NOBODY, f"http://{PASSPHRASE[:20]}.invalid/", f"ftp://{PASSPHRASE[:20]}@127.0.0.1/"):
        person.environment["TAXSYNC_PROXY_URL"] = proxy_url
        done += [person.run("import", code=1), person.run("keys", "check", code=1)]
    assert_clean(person, *done, *tour(person))


def key_of(name: str) -> tuple[dict[str, str], dict[str, str]]:
    """Credentials of an exchange, by name, and what of them must show nowhere."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec

    wanted = importers.exchange(name).credentials
    made = {each: base64.b64encode(marked(f"{each} of {name}")).decode() for each in wanted}
    planted = dict(made)
    if name == "gemini":
        made["apiKey"] = f"account-{made['apiKey']}"
    if name == "coinbase":
        key = ec.derive_private_key(int.from_bytes(marked(name)[:31], "big"), ec.SECP256R1())
        made["secret"] = key.private_bytes(
            form.Encoding.PEM, form.PrivateFormat.TraditionalOpenSSL, form.NoEncryption()
        ).decode()
        del planted["secret"]
        planted |= {f"line {n}": line for n, line in enumerate(made["secret"].split("\n")[1:-2])}
    return made, planted


@pytest.mark.parametrize("name", importers.exchange_names())
def test_no_exchange_that_fails_shows_anything(name: str, person: Person, assert_clean: Callable[..., None]) -> None:
    """Each signs in its own way: in the address, in headers, in the body, in a token, with the passphrase as it is."""
    credentials, planted = key_of(name)
    done, said, sent = [], "", dict[str, str]()
    for how in ("an error that repeats the request", "401", "500", "a redirect", "broken headers"):
        with Echo(ANSWERS[how]) as echo:
            person.environment["TAXSYNC_PROXY_URL"] = echo.url
            text = json.dumps(credentials)
            done.append(person.run("keys", "add", name, "--name", "third", "--stdin", given=text, code=1))
            said += chain(person, text, name)
        assert echo.sent
        sent |= {f"{how}, {each}": value for each, value in echo.sent.items()}
    assert_clean(person, *done, said=said, sent=sent, **planted)


# Where the object about a key is in an answer that says what it may do.
OBJECTS: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("kraken", "bybit"), ("result",)), **dict.fromkeys(("kucoin", "bitget"), ("data",)),
    **dict.fromkeys(("okx", "htx"), ("data", 0)), "gate": (0,), **dict.fromkeys(("binance", "coinbase", "gemini"), ()),
}  # fmt: skip


def repeating(name: str, credentials: Mapping[str, str]) -> How:
    """The exchange, which names what was sent to it, and all it may know, among what the key may do."""
    answers = {"kraken": dict([KRAKEN]), **{each: dict(told.values()) for each, told in READ_ONLY.items()}}[name]

    def how(handler: BaseHTTPRequestHandler, _told: str) -> None:
        address = next(each for each in answers if each in urllib.parse.unquote(handler.path))
        answer = copy.deepcopy(answers[address])
        about: Any = answer
        for step in OBJECTS[name]:
            about = about[step] if not isinstance(step, int) or isinstance(about, list) else {}
        words = [value for value in handler.headers.values() if len(value) > N]
        words += [*credentials.values(), *map(str.lower, credentials.values())]
        about |= dict.fromkeys(words, True) | {"launchRockets": 1}
        if name == "coinbase":
            about |= {"portfolio_uuid": credentials["apiKey"], "portfolio_type": words[0]}
        for field in ("apiKey", "accessKey", "key"):
            if field in about and isinstance(about[field], str):
                about[field] = credentials["apiKey"]
        body = json.dumps(answer, separators=(",", ":")).encode()
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.wfile.write(body)

    return how


@pytest.mark.parametrize("name", OBJECTS)
def test_an_exchange_that_names_a_secret_among_the_rights_shows_nothing(
    name: str, person: Person, assert_clean: Callable[..., None]
) -> None:
    credentials, planted = key_of(name)
    with Echo(repeating(name, credentials)) as echo:
        person.environment["TAXSYNC_PROXY_URL"] = echo.url
        command = ("keys", "add", name, "--name", "third", "--stdin")
        text = json.dumps(credentials)
        done = [
            person.run(*command, given=text, code=1),
            person.run(*command, "--allow-trade", "--allow-unverified", given=text),
            person.run("keys", "check", "third", code=1),
            *(attempt(person, look) for look in ("keys list --json", "keys check --json", "check", "status --json")),
        ]
        said = chain(person, text, name)
    for each in done[:4]:
        assert UNSAYABLE in each.said
        assert "launchRockets" in each.said
    assert_clean(person, *done, said=said, sent=echo.sent, **planted)


# ---- a key that is wrong ----------------------------------------------------------------------

KEYS: dict[str, tuple[Key, dict[str, str]]] = {
    "a key that is not known there": (STRANGER, {}),
    "another key's secret": (SECOND, {"secret": STRANGER.secret}),
    "half a secret": (SECOND, {"secret": SECOND.secret[:45]}),
    "a secret that is no base64": (SECOND, {"secret": f"{SECOND.secret[:-3]}*-"}),
    "key and secret in each other's place": (SECOND, {"apiKey": SECOND.secret, "secret": SECOND.api_key}),
    "a line break inside": (SECOND, {"secret": f"{SECOND.secret[:40]}\n{SECOND.secret[40:]}"}),
    "a letter of another script": (SECOND, {"apiKey": f"{SECOND.api_key}ключ"}),
    "a name too many": (SECOND, {SECOND.secret: SECOND.api_key}),
}


@pytest.mark.parametrize("which", KEYS)
def test_a_key_that_is_not_taken_shows_nothing(which: str, person: Person, assert_clean: Callable[..., None]) -> None:
    one, changes = KEYS[which]
    done = add(person, one, "second", code=1, **changes)
    assert len(done.stderr.splitlines()) == 1
    assert_clean(person, done, said=chain(person, given(one, **changes)))


def test_a_key_that_was_revoked_or_has_gained_rights_shows_nothing(
    person: Person, assert_clean: Callable[..., None]
) -> None:
    done, sent = list[Done](), dict[str, str]()
    for known in (STRANGER, replace(READS, permissions=(*READS.permissions, "withdraw-funds"))):
        with Spy(account(known)) as today:
            person.environment["TAXSYNC_PROXY_URL"] = today.proxy_url
            done += [person.run("import", code=1), person.run("keys", "check", code=1)]
            sent |= today.sent
    assert_clean(person, *done, *tour(person), sent=sent)


# ---- a machine or a person that fails ---------------------------------------------------------


@contextmanager
def full_after(limit: int) -> Iterator[None]:
    """No file may grow over `limit` bytes, as on a disk that is full."""
    resource = pytest.importorskip("resource")
    import signal

    handler, limits = signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.getrlimit(resource.RLIMIT_FSIZE)
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # what is imported meanwhile would be cut
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limits[1]))
    try:
        yield
    finally:
        sys.dont_write_bytecode = written
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("limit", [0, 300, 5_000, 70_000])
def test_a_full_disk_shows_nothing(limit: int, person: Person, assert_clean: Callable[..., None]) -> None:
    commands = ("keys add kraken --name second --stdin", "import", "report --year 2025", "keys check", "status")
    with full_after(limit):
        done = [attempt(person, command, given=given(SECOND)) for command in commands]
    assert limit > 5_000 or any(each.code for each in done)
    assert_clean(person, *done)


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("what", [damage, Path.unlink, lambda path: path.write_text("no vault\n")])
def test_a_vault_that_is_damaged_shows_nothing(
    what: Callable[[Path], None], person: Person, assert_clean: Callable[..., None]
) -> None:
    what(person.data / "vault.bin")
    assert_clean(person, *tour(person), attempt(person, "import"))


def test_a_wrong_passphrase_shows_nothing(careful: Person, assert_clean: Callable[..., None]) -> None:
    careful.environment["TAXSYNC_PASSPHRASE"] = WRONG
    done = [add(careful, SECOND, "second", code=1), *tour(careful)]
    assert "wrong passphrase" in done[0].stderr
    assert_clean(careful, *done, said=chain(careful, given(SECOND)))


@pytest.mark.parametrize("choice", ["keyring", ""])
def test_a_keyring_that_fails_shows_nothing(
    choice: str, person: Person, ring: Ring, assert_clean: Callable[..., None]
) -> None:
    (person.data / "vault.bin").unlink()
    person.environment["TAXSYNC_VAULT"] = choice
    keyring.set_keyring(Ring(sound=False))
    try:
        done = attempt(person, "keys add kraken --name second --stdin", given(SECOND))
        told = keyring.get_keyring().kept  # type: ignore[attr-defined]
    finally:
        keyring.set_keyring(ring)
    assert "answered RuntimeError" in done.said and len(told) == 1
    assert_clean(person, done, sent=told)


def test_a_fault_of_the_program_shows_nothing(
    person: Person, assert_clean: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last boundary: whatever is raised, with all it was told, becomes a line that repeats nothing."""

    def breaks(*arguments: object, **named: object) -> None:
        raise ArithmeticError(f"{arguments} {named} {PASSPHRASE}")

    monkeypatch.setattr(requests.Session, "request", breaks)
    for name, value in person.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(person.home)
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    with pytest.raises(SystemExit) as ended:
        main(["import"])
    assert ended.value.code == 1 and err.getvalue().startswith("a fault in taxsync (ArithmeticError at ")
    assert_clean(person, Done(1, out.getvalue(), err.getvalue()))


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals of POSIX systems")
@pytest.mark.parametrize("until", [1, 2])
def test_ctrl_c_at_a_prompt_shows_nothing(until: int, careful: Person, assert_clean: Callable[..., None]) -> None:
    (careful.data / "vault.bin").unlink()
    del careful.environment["TAXSYNC_PASSPHRASE"]
    asked = [
        ("kraken apiKey: ", SECOND.api_key),
        ("kraken secret: ", SECOND.secret),
        ("New passphrase for the encrypted file of keys: ", PASSPHRASE),
    ][: until + 1]
    asked[-1] = (asked[-1][0], asked[-1][1] + CTRL_C)  # typed, then thought better of
    done = careful.at_terminal(("keys", "add", "kraken", "--name", "second"), asked)
    assert done.code == 1 and "stopped" in done.stdout
    assert_clean(careful, done)
