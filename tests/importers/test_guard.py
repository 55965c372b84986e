"""The guard, tried on every exchange that ccxt has: nothing but our own lists of reads can leave this machine.

What the session sends by and the sockets are replaced by ones that note what would have left. `guard_snapshot.txt`
holds every request that may: a newer ccxt or an edited entry that changes one fails here. After a review,
`TAXSYNC_WRITE_SNAPSHOT=1` writes it anew. What the guard says for Kraken in detail is in test_client.py.
"""

import ast
import os
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from inspect import Parameter, signature
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ccxt
import pytest
import requests
from ccxt.base.types import Entry

import importers
from importers.any import MEANT
from importers.base import Refused
from importers.client import Forbidden, Unreachable, open_client
from importers.guard import guarded
from pipeline.settings import SettingsError, load, read_environment

ROOT = Path(__file__).parent.parent.parent
SNAPSHOT = Path(__file__).with_name("guard_snapshot.txt")
OTHERS = Path(__file__).with_name("any_snapshot.txt")  # the same of exchanges without an entry of their own
# Exchanges whose entries may read with POST: with all others a POST on a list is a slip.
READ_WITH_POST = frozenset(("binance", "bitfinex", "bitstamp", "cryptocom", "gemini", "kraken"))
ORDERS_A_FILE = " private POST account/bills-history-archive "  # of OKX: of what happened, by the right to read


class Left(Exception):
    """A request has come as far as the session."""


class Wire:
    """In the place of the network, behind the session: notes what would leave, and ends it there."""

    def __init__(self) -> None:
        self.left: list[tuple[str, str]] = []

    def send(self, request: requests.PreparedRequest, **_: object) -> None:
        self.left.append((str(request.method), str(request.url)))
        raise Left(request.method, request.url)

    def close(self) -> None:
        pass


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing leaves beside the session either: no name is looked up, no connection made."""
    tried: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        tried.append(arguments)
        raise Left(arguments)

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", refuse)
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket.socket, "connect_ex", refuse)
        yield
    assert tried == []


@cache
def implicit(name: str) -> dict[str, Entry]:
    """Every request method that ccxt declares for an exchange, in both spellings."""
    classes = [cls for cls in getattr(ccxt, name).__mro__ if cls.__module__.startswith("ccxt.abstract")]
    return {name: entry for cls in classes for name, entry in vars(cls).items() if isinstance(entry, Entry)}


def listed(entry: Entry) -> tuple[str, str, str]:
    return ".".join(entry.api), entry.method, entry.path


def filled(entry: Entry) -> dict[str, Any]:
    """Something for every parameter that stands in the path."""
    return dict.fromkeys(re.findall(r"{([^{}]+)}", entry.path), "1")


@cache
def key_block() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    made = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return made.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def opened(name: str, allow: frozenset[tuple[str, str, str]] = frozenset(), secret: str = "c2VjcmV0" * 8) -> Any:
    """The guarded exchange with credentials of every kind."""
    api = guarded(getattr(ccxt, name), allow)(
        {"apiKey": "organizations/account/1", "secret": secret, "password": "p", "uid": "1", "login": "l", "token": "t",
         "walletAddress": f"0x{'1' * 40}", "privateKey": f"0x{'1' * 64}", "enableRateLimit": False, "number": str}
    )  # fmt: skip
    api.session.way = Wire()
    return api


@cache
def closed(name: str) -> Any:
    """With nothing on the list: one for all tests, as nothing that it refuses changes it."""
    return opened(name)


@cache
def open_to_all(name: str) -> tuple[Any, str, str]:
    """With everything on the list; a method that comes as far as the session; the address that it asks there."""
    api = opened(name, frozenset(map(listed, implicit(name).values())))
    method = next(method for method, entry in implicit(name).items() if reaches(api, method, entry))
    [(_, url)] = api.session.way.left
    api.session.way.left.clear()
    return api, method, url


@contextmanager
def moved(api: Any, /, **urls: Any) -> Iterator[None]:
    """With other addresses, for a while."""
    before = dict(api.urls)
    api.urls.update(urls)
    yield
    api.urls.clear()
    api.urls.update(before)


def refused(call: Callable[..., object], *arguments: object) -> str:
    """What the guard says; `pytest.raises` takes longer than what it watches, a hundred thousand times."""
    try:
        call(*arguments)
    except Forbidden as no:
        return str(no)
    raise AssertionError(f"{call} was let through with {arguments}")


# ---- with nothing on the list -----------------------------------------------------------------


def test_every_request_method_of_every_exchange_is_refused_and_the_readme_says_how_many(sockets: None) -> None:
    tried = 0
    for name in ccxt.exchanges:
        api = closed(name)
        for method in implicit(name):
            assert "is not on the list of reads" in refused(getattr(api, method), {}), (name, method)
            tried += 1
        assert api.session.way.left == [], name
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    said = re.search(r"every one of the ([\d,]+) request methods that ccxt has for its ([\d,]+) exchanges", readme)
    assert said is not None, (
        f"README.md does not say that {tried:,} methods of {len(ccxt.exchanges)} exchanges are tried"
    )
    assert [int(number.replace(",", "")) for number in said.groups()] == [tried, len(ccxt.exchanges)]


def test_the_same_methods_would_reach_the_session_but_never_without_tls(sockets: None) -> None:
    """What the other tests here count is really counted; and each exchange's own hosts are known, over https."""
    for name in ccxt.exchanges:
        api, method, url = open_to_all(name)
        assert url.startswith("https://"), name
        with moved(api, api=without_tls(api.urls["api"])):
            said = refused(getattr(api, method), filled(implicit(name)[method]))
        assert said.endswith(f" to {urlsplit(url).hostname}"), name
        assert api.session.way.left == [], name


def reaches(api: Any, method: str, entry: Entry) -> bool:
    try:
        getattr(api, method)(filled(entry))
    except Left:
        return True
    except Exception:  # noqa: BLE001  # made-up credentials that ccxt can't sign with
        return False
    return False


def without_tls(api: Any) -> Any:
    if isinstance(api, str):
        return api.replace("https://", "http://")
    return {name: without_tls(each) for name, each in api.items()}


def sections(name: str) -> set[str]:
    return {listed(entry)[0] for entry in implicit(name).values()}


def test_every_section_of_an_own_entry_is_asked_at_a_host_that_ccxt_gives_it(sockets: None) -> None:
    """What the next test narrows loses nothing: HTX's contracts, Gate's nested sections, OKX's one for all."""
    gate = {"public.loan", "public.unified", "public.flash_swap", "private.flash_swap"}  # ccxt itself has none
    without = {"gate": gate, "gateeu": gate}
    for name in importers.exchange_names():
        allow = frozenset(map(listed, implicit(name).values()))
        apis = [opened(name, allow, secret) for secret in (key_block(), "c2VjcmV0" * 8)]
        asked = {
            section
            for section in sections(name)
            for api in apis
            if any(reaches(api, method, each) for method, each in implicit(name).items() if listed(each)[0] == section)
        }
        assert sections(name) - asked == without.get(name, set()), name


def test_no_request_goes_to_the_host_of_another_section(sockets: None) -> None:
    """A host of the same exchange is not enough: its help pages, its other markets, its parent's site."""
    tried = 0
    for name in ccxt.exchanges:
        api, method, url = open_to_all(name)
        own, plain = urlsplit(url).hostname, api.urls["api"]
        for host in {urlsplit(each).hostname for each in addresses(plain)} - {own}:
            if host is None or "{" in host:
                continue
            hostnames = dict.fromkeys(api.urls.get("hostnames", ()), host)
            with moved(api, api=elsewhere(plain, host), hostnames=hostnames):
                said = refused(getattr(api, method), filled(implicit(name)[method]))
            assert said.endswith(f" to {host}"), name
            tried += 1
        assert api.session.way.left == [], name
    assert tried > 40


def addresses(api: Any) -> Iterator[str]:
    if isinstance(api, str):
        yield api
    elif isinstance(api, dict):
        for each in api.values():
            yield from addresses(each)


def elsewhere(api: Any, host: str) -> Any:
    if isinstance(api, str):
        return urlsplit(api)._replace(netloc=host).geturl()
    return {name: elsewhere(each, host) for name, each in api.items()}


def test_what_is_signed_past_the_list_is_not_sent(sockets: None) -> None:
    """`sign` refuses to; what ccxt's own would sign, `fetch`, `fetch2` and `request` do not send."""
    for name in ccxt.exchanges:
        api, sent = closed(name), 0
        for method, entry in implicit(name).items():
            if "_" in method:
                continue
            for way in (api.request, api.fetch2):
                for section in (entry.api, ".".join(entry.api)):
                    refused(way, entry.path, section, entry.method, filled(entry))
            refused(api.sign, entry.path, entry.api, entry.method, filled(entry))
            try:
                request = super(type(api), api).sign(entry.path, entry.api, entry.method, filled(entry))
            except Exception:  # noqa: BLE001  # made-up credentials that ccxt can't sign with
                continue
            refused(api.fetch, request["url"], request["method"], request["headers"], request["body"])
            sent += 1
        assert sent and api.session.way.left == [], name


CHANGING = re.compile(
    r"(create|cancel|edit|close|withdraw|transfer|borrow|repay|set|sign_?in|deposit|add_?margin|reduce|redeem|stake|"
    r"unstake|subscribe|modify|approve|authenticate|enable|claim|convert|send)",
    re.IGNORECASE,
)
ORDERS_OR_MOVES = re.compile(
    r"(create_?(\w+_?)?orders?|create_?(convert_?trade|sub_?account|gift_?code|deposit_?address)|edit_?orders?|"
    r"cancel_?(\w+_?)?orders?|close_?(all_?)?positions?|withdraw|transfer|borrow_?\w+|repay_?\w+|"
    r"set_?(leverage|margin_?mode|position_?mode))",
    re.IGNORECASE,
)


def test_every_unified_method_that_could_change_something_sends_nothing(sockets: None) -> None:
    tried = ended = 0
    for name in ccxt.exchanges:
        api = closed(name)
        unified = {name for name in dir(api) if CHANGING.match(name)} | set(api.has)
        for method in sorted(unified - implicit(name).keys()):
            call = getattr(api, method, None)
            if not callable(call):
                continue
            try:
                call(*["1"] * wanted(getattr(getattr(ccxt, name), method, call)))
            except (Forbidden, ccxt.NotSupported):
                ended += 1
            except Exception:  # noqa: BLE001  # it sent nothing, whatever it stumbled over
                assert not ORDERS_OR_MOVES.fullmatch(method), (name, method)
            else:
                assert not ORDERS_OR_MOVES.fullmatch(method), (name, method)
            tried += 1
        assert api.session.way.left == [], name
    assert tried > 35_000 and ended > 30_000


@cache
def wanted(method: Callable[..., object]) -> int:
    """How many arguments a method can't do without."""
    parameters = signature(method).parameters.values()
    return sum(each.default is Parameter.empty and each.name not in ("self", "cls") for each in parameters)


# ---- with our own lists -----------------------------------------------------------------------


def allowed_requests(name: str) -> Iterator[tuple[Entry, str]]:
    """(what an entry allows, the host that ccxt asks for it), after every other method was refused."""
    entry = importers.exchange(name)
    apis = [opened(entry.id, entry.allow, secret) for secret in (key_block(), "c2VjcmV0" * 8)]
    for method, declared in implicit(entry.id).items():
        if listed(declared) not in entry.allow:
            assert "is not on the list of reads" in refused(getattr(apis[0], method), filled(declared))
            continue
        assert any(reaches(api, method, declared) for api in apis), f"{name}: {method} can't be asked"
        [[(sent, url)]] = [api.session.way.left for api in apis if api.session.way.left]
        for api in apis:
            api.session.way.left.clear()
        assert sent == declared.method and url.startswith("https://")
        if "_" not in method:
            yield declared, urlsplit(url).hostname or ""
    assert [api.session.way.left for api in apis] == [[], []]


def test_what_may_leave_is_what_was_reviewed(sockets: None) -> None:
    lines = []
    for name in importers.exchange_names():
        found = {(*listed(declared), host) for declared, host in allowed_requests(name)}
        assert {request[:3] for request in found} == importers.exchange(name).allow, f"{name} lists what ccxt has not"
        lines += [" ".join((name, *request)) for request in found]
        lines += [f"{name} a-file GET any {host}" for host in importers.exchange(name).files]
    text = "".join(f"{line}\n" for line in sorted(lines))
    if os.environ.get("TAXSYNC_WRITE_SNAPSHOT"):
        SNAPSHOT.write_text(text, encoding="utf-8")
    assert text.splitlines() == SNAPSHOT.read_text(encoding="utf-8").splitlines()


def test_no_list_holds_a_method_that_only_writes() -> None:
    for line in SNAPSHOT.read_text(encoding="utf-8").splitlines():
        name, _, method, *_ = line.split()
        assert method == "GET" or (method == "POST" and (name in READ_WITH_POST or ORDERS_A_FILE in line)), line


def test_a_file_is_fetched_from_the_hosts_of_its_exchange_only_and_without_the_key(sockets: None) -> None:
    for name in importers.exchange_names():
        entry = importers.exchange(name)
        client = open_client(entry, dict.fromkeys(entry.credentials, "c2VjcmV0"))
        client._api.session.way = Wire()
        for host in ("www.okx.com", "www.okx.com.evil.com", "okg-a.oss-b.aliyuncs.com", "api.binance.com"):
            with pytest.raises(Left if any(fnmatchcase(host, each) for each in entry.files) else Forbidden):
                client._api.file(f"http://{host}/a.zip?Signature=1")
        allowed = ["www.okx.com", "okg-a.oss-b.aliyuncs.com"] if entry.files else []
        assert client._api.session.way.left == [("GET", f"https://{host}/a.zip?Signature=1") for host in allowed], name
    assert {name for name in importers.exchange_names() if importers.exchange(name).files} == {"okx", "myokx", "okxus"}


# ---- exchanges without an entry of their own ---------------------------------------------------


def test_any_other_exchange_of_ccxt_keeps_keys_and_is_sent_what_reading_it_takes_or_nothing(sockets: None) -> None:
    """Each is known by its own credentials or refused because its keys spend; no method of it sends a request, but
    the GETs in `any_snapshot.txt`, of those whose history ccxt's unified methods can read."""
    kept, spending, lines = set(), set(), []
    for name in set(ccxt.exchanges) - set(importers.exchange_names()) - set(MEANT):
        needed = {one for one, wanted in getattr(ccxt, name)().requiredCredentials.items() if wanted}
        if needed & {"privateKey", "walletAddress"} or not needed:
            with pytest.raises(Refused, match=r"^[^\n]+: its API signs with a private key, .* can spend[^\n]+$"):
                importers.exchange(name)
            spending.add(name)
            continue
        entry = importers.exchange(name)
        assert (entry.id, set(entry.credentials), entry.rights) == (name, needed, None) and importers.unverified(name)
        assert bool(entry.streams) == bool(entry.allow)
        assert {method for _, method, _ in entry.allow} <= {"GET"}
        lines += [" ".join((name, *request)) for request in entry.allow]
        api = open_client(entry, dict.fromkeys(entry.credentials, "c2VjcmV0"))._api
        api.session.way = Wire()
        for method, declared in implicit(name).items():
            if listed(declared) not in entry.allow:
                assert "is not on the list of reads" in refused(getattr(api, method), {}), (name, method)
        assert api.session.way.left == [], name
        kept.add(name)
    assert {"bitso", "krakenfutures", "upbit"} <= kept and {"hyperliquid", "dydx", "paradex"} <= spending
    assert len(kept) > 60 and not any(map(importers.unverified, importers.exchange_names()))
    text = "".join(f"{line}\n" for line in sorted(lines))
    if os.environ.get("TAXSYNC_WRITE_SNAPSHOT"):
        OTHERS.write_text(text, encoding="utf-8")
    assert text.splitlines() == OTHERS.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        *MEANT.items(),
        ("Huobi", "htx"),
        ("crypto.com", "cryptocom"),
        ("binance.us", "binanceus"),
        ("Kraken Pro", "kraken"),
        ("gate.io", "gate"),
        ("krakn", "kraken"),
        ("bitsoo", "bitso"),
        ("Bit-Flyer", "bitflyer"),
    ],
)
def test_a_name_that_is_nearly_right_is_told_the_right_one(typed: str, meant: str) -> None:
    with pytest.raises(Refused) as refused:
        importers.exchange(typed)
    line = str(refused.value)
    assert f"'{typed}' is not an exchange that taxsync knows; is it '{meant}'?" in line
    assert importers.exchange(meant).id == meant and "\n" not in line and len(line) < 400


def test_an_unknown_name_is_told_our_own_exchanges_and_how_many_others_there_are() -> None:
    with pytest.raises(Refused) as refused:
        importers.exchange("qqqq\x1b[2J")
    others = len(set(ccxt.exchanges) - set(importers.exchange_names()) - set(MEANT))
    own = ", ".join(importers.exchange_names())
    assert str(refused.value).endswith(f"knows; there are: {own} and {others} others of ccxt")
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(("typed", "id"), [("Kraken", "kraken"), ("OKX", "okx"), ("BitSo", "bitso")])
def test_capitals_make_no_other_exchange(typed: str, id: str) -> None:
    assert importers.exchange(typed).id == id


@pytest.mark.parametrize("typed", ["Exchange", "base", "pro", "../kraken", "kraken.EXCHANGE", "__init__", "", "any"])
def test_what_is_no_exchange_of_ccxt_opens_nothing(typed: str) -> None:
    with pytest.raises(Refused):
        importers.exchange(typed)


# ---- nothing else speaks to an exchange -------------------------------------------------------

SOURCES = [path for room in ("pipeline", "importers", "reports") for path in sorted((ROOT / room).rglob("*.py"))]


@cache
def parsed() -> list[tuple[Path, list[ast.AST]]]:
    """All that stands in each source, read once."""
    return [(path, list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))) for path in SOURCES]


def test_the_parts_of_ccxt_that_pass_no_guard_are_imported_nowhere() -> None:
    """Its websocket classes order without `fetch2`; its asynchronous ones follow redirects."""
    unguarded = {"pro", "async_support", "order_router", "static_dependencies"}
    for path, nodes in parsed():
        for node in nodes:
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                names = [f"{node.value.id}.{node.attr}"]
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                names = [node.value]
            for name in names:
                first, *parts = name.split(".")
                assert first != "ccxt" or not unguarded & set(parts), f"{path.relative_to(ROOT)}: {name}"


def test_one_file_makes_the_objects_that_can_ask() -> None:
    """Only the client and its session make an exchange of ccxt or a connection of their own."""
    for path, nodes in parsed():
        imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        imported |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        tops = {name.split(".")[0] for name in imported}
        if path.relative_to(ROOT).as_posix() not in ("importers/client.py", "importers/session.py"):
            assert not tops & {"ccxt", "requests", "urllib3", "aiohttp", "httpx"}, path
        assert not imported & {"urllib.request", "http.client", "socket", "ssl", "ftplib", "smtplib"}, path


# ---- the way to the exchange ------------------------------------------------------------------


class Heard:
    """A server on this machine that notes the headers of what it is asked; with a certificate, over TLS."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.requests: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests.append({"": f"{self.command} {self.path}", **self.headers})
                self.send_response(200)
                self.end_headers()

            do_POST = do_CONNECT = do_GET

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self) -> "Heard":
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


HOST = "api.kraken.com"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Key and certificate of a stranger who says to be Kraken."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

    key = load_pem_private_key(key_block().encode(), None)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())  # type: ignore[arg-type]
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())  # type: ignore[arg-type]
    )  # fmt: skip
    path = tmp_path / "stranger.pem"
    path.write_bytes(key_block().encode() + made.public_bytes(Encoding.PEM))
    return path


@pytest.fixture
def stranger(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    """This machine's names are led astray: who asks for Kraken gets the stranger."""
    look_up = socket.getaddrinfo
    with Heard(certificate) as server:

        def astray(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
            if host == HOST:
                host, port = "127.0.0.1", server.port
            assert host in ("127.0.0.1", "localhost"), host
            return look_up(host, port, *arguments, **named)

        monkeypatch.setattr(socket, "getaddrinfo", astray)
        monkeypatch.setattr("time.sleep", lambda _: None)
        yield server


def ask(proxy_url: str = "") -> str:
    """What a person reads when Kraken is asked with a key and does not answer well."""
    client = open_client(
        importers.exchange("kraken"), {"apiKey": "k" * 56, "secret": "c2VjcmV0" * 11}, proxy_url
    )  # fmt: skip
    with pytest.raises(Unreachable) as caught:
        client.call("privatePostBalance", {}, pytest.fail)
    return str(caught.value)


def test_no_setting_of_the_environment_makes_a_stranger_trusted(
    stranger: Heard, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(certificate))
    monkeypatch.setenv("SSL_CERT_DIR", str(certificate.parent))
    monkeypatch.setenv("PYTHONHTTPSVERIFY", "0")
    assert requests.get(f"https://{HOST}/", timeout=20).ok  # another program would trust it
    assert len(stranger.requests) == 1
    assert "its certificate can't be verified" in ask()
    assert len(stranger.requests) == 1


def test_no_setting_of_ccxt_makes_a_stranger_trusted_or_a_proxy_used(stranger: Heard, certificate: Path) -> None:
    with Heard() as proxy:
        for name, value in (
            ("verify", False),
            ("verify", str(certificate)),
            ("validateServerSsl", False),
            ("httpsProxy", proxy.url),
            ("proxies", {"https": proxy.url, "http": proxy.url}),
        ):
            api = open_client(importers.exchange("kraken"), {"apiKey": "k" * 56, "secret": "c2VjcmV0" * 11})._api
            setattr(api, name, value)
            api.session.verify, api.session.trust_env, api.session.proxies = False, True, {"https": proxy.url}
            with pytest.raises(ccxt.BaseError):
                api.privatePostBalance({})
        assert proxy.requests == []
    assert stranger.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "127.255.255.254", "localhost"])
def test_whoever_the_settings_take_for_this_machine_the_client_does_too(host: str) -> None:
    with Heard() as own:
        proxy_url = read_environment({"TAXSYNC_PROXY_URL": f"http://{host}:{own.port}"}).proxy_url
        client = open_client(importers.exchange("kraken"), None, proxy_url, then="later")
        with pytest.raises(Unreachable, match=r"; later$"):
            client.call("publicGetAssetPairs", {}, pytest.fail)
        assert bool(own.requests) == (host in ("127.0.0.1", "localhost"))  # where it listens


@pytest.mark.parametrize("url", ["http://example.org/", "http://0.0.0.0/", "ftp://127.0.0.1/", "http://127.0.0.1@x/"])
def test_whatever_proxy_the_settings_refuse_the_client_does_too(url: str) -> None:
    with pytest.raises(SettingsError):
        read_environment({"TAXSYNC_PROXY_URL": url})
    with pytest.raises(Forbidden, match="keys go over https, or to this machine"):
        open_client(importers.exchange("kraken"), None, url)


def test_no_proxy_of_the_environment_sees_anything(stranger: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    with Heard() as proxy, Heard() as own:
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "FTP_PROXY", "WS_PROXY"):
            monkeypatch.setenv(name, proxy.url)
            monkeypatch.setenv(name.lower(), proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.setenv(name, "example.org")
        with pytest.raises(requests.RequestException):
            requests.get(f"https://{HOST}/", timeout=20)
        assert [each[""] for each in proxy.requests] == [f"CONNECT {HOST}:443"]  # another program would use it
        ask()
        ask(own.url)
        assert len(proxy.requests) == 1 and own.requests
    assert stranger.requests == []


def test_no_netrc_adds_a_password(stranger: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "".join(f"machine {host} login person password precious\n" for host in (HOST, "127.0.0.1"))
    (tmp_path / ".netrc").write_text(lines)
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    with Heard() as own:
        requests.get(own.url, timeout=20)
        assert "Authorization" in own.requests.pop()  # another program would send it
        ask(own.url)
        assert own.requests and not [each for each in own.requests if "Authorization" in each]


@pytest.mark.parametrize("line", ["verify = false", 'ca_bundle = "x"', "trust_env = true", 'proxy_url = "https://x"'])
def test_no_setting_of_the_data_folder_touches_the_way(tmp_path: Path, line: str) -> None:
    written = f'country = "us"\ncurrency = "USD"\ntimezone = "UTC"\n{line}\n'
    (tmp_path / "taxsync.toml").write_text(written)
    with pytest.raises(SettingsError, match="is not a setting"):
        load(tmp_path)
