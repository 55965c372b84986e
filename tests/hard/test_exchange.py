"""An exchange, or whoever stands before it, that means harm or is broken: every answer is bounded and told, and nothing
wrong moves a cursor or is kept as right.

Bytes that are no answer at all (`wire`), JSON of every wrong form at every read of every exchange, and right answers
with one wrong place. What a person's imports make of it is in test_exchange_stories.py.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import count
from typing import Any, NoReturn

import pytest

import importers
from importers import exact
from importers.base import Answer, Exchange, Known, Params, Refused, Span, Stream, Unlike
from importers.client import Client, Unreachable, open_client
from importers.exact import Number
from importers.sandbox.server import NOW, Sandbox
from importers.sync import List, gathered, pages, position
from pipeline.model import Page
from tests.hard.accounts import ACCOUNTS
from tests.hard.wire import GIGABYTES, OPEN, Send, Wire, answered, head
from tests.importers.exchanges import judged
from tests.importers.exchanges.recorded import pem
from tests.person import ROOT

FIVE = tuple(ACCOUNTS)
EVERY = importers.exchange_names()
SECONDS = Decimal(int(NOW.timestamp()))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    yield
    capsys.readouterr()


def opened(name: str, url: str, seconds: float = 5, tries: int = 1) -> Client:
    """The real client with a key that was made up."""
    exchange = importers.exchange(name)
    key = {"coinbase": "organizations/1/apiKeys/2", "gemini": "account-Made0Up"}.get(name, "k" * 56)
    secret = pem() if name == "coinbase" else "bWFkZSB1cCBpbiB0aGUgdGVzdHM="
    given = {"apiKey": key, "secret": secret, "password": "made-up-42"}
    client = open_client(exchange, {each: given[each] for each in exchange.credentials}, url)
    client._part = 6 // tries
    client._api.timeout = int(seconds * 1000)
    return client


def told(refused: BaseException) -> str:
    line = str(refused)
    assert line.isprintable() and len(line) < 330 and line.count("; ") <= 3, line
    return line


# ---- bytes that are no answer -----------------------------------------------------------------

ELSEWHERE = ("http://127.0.0.1:9/", "https://example.org/", "file:///etc/passwd", "//example.org/x", "ftp://x/", "/x")


def first(client: Client) -> object:
    """What an import asks for first."""
    stream = client.exchange.streams[0]
    span = Span(SECONDS - 86_400, SECONDS)
    return client.call(stream.method, stream.ask(span), lambda answer: stream.read(answer, span))


@pytest.mark.parametrize("name", FIVE)
def test_an_answer_that_drips_or_never_ends_is_given_up(name: str) -> None:
    """Each drop comes in time; only the whole does not."""
    with Wire(answered(b"")) as wire:
        for begin, drop in (
            (head(200), b" "),
            (OPEN, b"1\r\n \r\n"),
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
            (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        ):
            wire.send = wire.drip(begin, drop, pause=0.01)
            with pytest.raises(
                Unreachable, match="it did not answer in time; run `taxsync import` again later"
            ) as late:
                first(opened(name, wire.url, seconds=0.03))
            told(late.value)


@pytest.mark.parametrize("name", FIVE)
def test_no_answer_sends_the_client_or_its_key_elsewhere(name: str) -> None:
    with Wire(answered(b"")) as other, Wire(answered(b"")) as wire:
        for status, target in [(302, each) for each in (*ELSEWHERE, other.url)] + [
            (each, other.url) for each in (301, 303, 307, 308)
        ]:
            wire.send = answered(b"{}", status, f"Location: {target}", "Set-Cookie: a=b; Path=/")
            with pytest.raises(Unreachable, match="sends the request to another address, which is not followed") as no:
                first(opened(name, wire.url))
            told(no.value)
        client = opened(name, wire.url, tries=3)
        wire.send = answered(b"<html>", 200, "Set-Cookie: followed=you; Path=/", f"Refresh: 0; url={other.url}")
        with pytest.raises(Unreachable):
            first(client)
        assert other.headers == []
        asked = len(wire.headers) - len(ELSEWHERE) - 5  # one may meet a connection that is closed just then
        assert 1 <= asked <= 3 and not any("Cookie" in each for each in wire.headers)


BROKEN: dict[str, Send] = {
    "a shorter length than the answer": answered(b'{"error":[],"result":{}}', 200, "Content-Length: 3"),
    "a longer one": lambda put: put(head(200, "Content-Length: 900") + b'{"error":[]'),
    "a length that is no number": lambda put: put(head(200, "Content-Length: many") + b"{"),
    "a chunk that is cut": lambda put: put(OPEN + b"ff\r\n{"),
    "a chunk whose size is no number": lambda put: put(OPEN + b"zz\r\n{}\r\n0\r\n\r\n"),
    "gzip that is none": answered(b"{}", 200, "Content-Encoding: gzip"),
    "an unknown status": lambda put: put(b"HTTP/1.1 999 ?\r\nContent-Length: 2\r\n\r\n{}"),
    "no HTTP": lambda put: put(b"\x16\x03\x01\x02\x00\x01\x00"),
    "nothing at all": lambda put: None,
    "a pause of a year": answered(b"slow down", 429, f"Retry-After: {365 * 86_400}"),
    "a pause of rubbish": answered(b"slow down", 503, "Retry-After: \xff1e99"),
}


@pytest.mark.parametrize("name", FIVE)
def test_what_is_no_http_is_told_in_a_line(name: str) -> None:
    with Wire(answered(b"")) as wire:
        for how, send in BROKEN.items():
            wire.send = send
            with pytest.raises(Unreachable, match=r"; run `taxsync import` again later") as refused:
                first(opened(name, wire.url, seconds=1))
            assert told(refused.value), how


def test_no_answer_takes_more_memory_than_a_small_machine_has() -> None:
    with_all = [Wire(send) for send in GIGABYTES.values()]
    for wire in with_all:
        wire.__enter__()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.hard.listener", "kraken", *(wire.url for wire in with_all)],
            cwd=ROOT, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
    finally:
        for wire in with_all:
            wire.__exit__()
    heard = json.loads(done.stdout)
    for how, line in zip(GIGABYTES, heard["told"], strict=True):
        assert line.startswith("Kraken (Ledgers): ") and "run `taxsync import` again later" in line, (how, line)
        assert len(line) < 200 and line.isprintable()
    assert heard["peak"] - heard["before"] < 500, heard
    assert done.stderr == ""


# ---- JSON of a wrong form, at every read ------------------------------------------------------

# What no list and no balance of any exchange is; `[]` is a list that is empty.
FORMS = (
    "<html><body>We'll be back soon</body></html>", '{"error":[],"result":{"led', "", "null", "{}", "12",
    '"text"', "[1]", "[null]", "[[1,2]]", '{"message":"made up"}', '{"result":null}',
    '{"result":"x","data":"x","rows":"x","list":"x","error":[],"code":"0"}',
    '{"result":{"ledger":"x","trades":"x","list":"x","rows":"x"},"data":{"list":"x","data":"x"},"fills":"x","code":"0"}',
    '[{"id":NaN}]', '[{"time":Infinity}]', '{"a":1,"a":2}', '[{"id":"\\ud800"}]', "[" * 60 + "]" * 60, "[" * 100_000,
    '{"a":' + "9" * 200 + "}",
)  # fmt: skip
# For all others: what a page of maintenance or a cut line gives.
BRIEF = (*FORMS[:5], '{"message":"made up"}', "[null]")


def asks(client: Client) -> Iterator[tuple[str, Callable[[], object]]]:
    """Every read of an exchange as an import makes it; each ends with what it took."""
    exchange = client.exchange
    for stream in exchange.streams:
        part = _part(stream)
        of = List(exchange, stream, "mine", part, SECONDS, SECONDS)
        yield stream.name, lambda of=of: list(pages(of, client.call, None, SECONDS, lambda *_: None))  # type: ignore[misc]
        if part == "a-part":
            parts = stream.parts
            yield f"parts of {stream.name}", lambda parts=parts: list(parts(client.call, Known()))  # type: ignore[misc]
    for wallet in exchange.wallets:
        yield (
            f"balances {wallet.name}",
            lambda wallet=wallet: client.call(wallet.method, wallet.params, wallet.read),  # type: ignore[misc]
        )
    if exchange.rights is not None:
        rights = exchange.rights
        yield "rights", lambda: rights(client.call, "k" * 56)


def _part(stream: Stream) -> str:
    """A part of a list that is asked for in parts: its first, where that needs no question; "": it is not."""

    def asks(*_: object) -> NoReturn:
        raise Refused("asked")

    try:
        return next(iter(stream.parts(asks, Known()))) if stream.parts is not None else ""
    except Refused:
        return "a-part"


@pytest.mark.parametrize("name", EVERY)
def test_no_read_takes_a_wrong_form_for_an_empty_list(name: str) -> None:
    with Wire(answered(b"")) as wire:
        client = opened(name, wire.url)
        for form in FORMS if name in FIVE else BRIEF:
            wire.send = answered(form.encode(), 200, "Content-Type: application/json")
            for what, ask in asks(client):
                try:
                    taken = ask()
                except Refused as refused:
                    told(refused)
                else:
                    raise AssertionError(f"{name} {what} took {form} for {taken!r}")


# ---- one place of a right answer that is wrong ------------------------------------------------

ODD = (
    None, "", 0, -1, [], {}, "x", True, ["a"], {"a": "1"}, "\x00\x1b[2J<b>../x", "9" * 50, 10**30, Number("1e400"),
    Number("-0.5"), "NaN", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", 253402300799000, "32503679999",
    ...,
)  # fmt: skip


def right(name: str) -> Iterator[tuple[str, Answer]]:
    """(list, an answer of it) of an exchange: of the account on this machine, or as its documents say."""
    exchange = importers.exchange(name)
    streams = {each.name for each in exchange.streams}
    if name in ACCOUNTS and name != "binance":  # whose sample has more lists
        account, heard = ACCOUNTS[name](), dict[str, Answer]()
        with Sandbox(account.book) as sandbox:
            client = open_client(exchange, account.credentials, sandbox.proxy_url)
            for stream in exchange.streams[:3]:
                parts = list(stream.parts(client.call, Known())) if stream.parts is not None else [""]

                def hear(method: str, params: Params, read: Any, of: str = f"{stream.name} {parts[0]}".strip()) -> Any:
                    return client.call(method, params, lambda answer: read(heard.setdefault(of, answer)))

                of = List(exchange, stream, "mine", parts[0], SECONDS, SECONDS)
                next(pages(of, hear, None, SECONDS, lambda *_: None))
        yield from heard.items()
        return
    for case in judged.cases(name)[:1]:
        sample = exact.loads((judged.SAMPLES / name / f"{case}.json").read_text(encoding="utf-8"))
        yield from ((of, answers[0]) for of, answers in sample.items() if of.partition(" ")[0] in streams)


def places(value: Answer, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in an answer; of a list or of records by id only the first two."""
    if isinstance(value, dict):
        inner: list[tuple[Any, Answer]] = list(value.items())
    else:
        inner = list(enumerate(value))[:1] if isinstance(value, list) else []
    for name, each in inner:
        yield (*before, name)
        yield from places(each, (*before, name))


def short(value: Answer) -> Answer:
    """An answer with two records of each list at most."""
    if isinstance(value, list):
        return [short(each) for each in value[:2]]
    if not isinstance(value, dict):
        return value
    many = len(value) > 5 and all(isinstance(each, dict) for each in value.values())
    return {name: short(each) for name, each in list(value.items())[: 2 if many else None]}


def changed(answer: Answer, place: tuple[Any, ...], odd: Any) -> Answer:
    """The answer with something else there; the rest is the same objects."""
    name, *inner = place
    copied = dict(answer) if isinstance(answer, dict) else list(answer)
    if inner:
        copied[name] = changed(answer[name], tuple(inner), odd)
    elif odd is ...:
        del copied[name]
    else:
        copied[name] = odd
    return copied


def page(exchange: Exchange, listed: str, answer: Answer) -> Page | None:
    """What an import takes of one answer; None: it is refused."""
    name, _, part = listed.partition(" ")
    stream = next(each for each in exchange.streams if each.name == name)
    of = List(exchange, stream, "mine", part, SECONDS)
    try:
        return next(pages(of, lambda _method, _params, read: read(answer), None, SECONDS, lambda *_: None))
    except (Refused, Unlike):
        return None


@pytest.mark.parametrize("name", [name for name in EVERY if name in ACCOUNTS or judged.cases(name)])
def test_whatever_stands_in_one_place_of_an_answer_it_is_refused_or_taken_as_it_is(name: str) -> None:
    """No place in it moves a cursor beyond today, and no parser stumbles over what was taken."""
    exchange, tried = importers.exchange(name), 0
    for listed, whole in right(name):
        answer = short(whole)
        for place in places(answer):
            for odd in ODD:
                tried += 1
                found = page(exchange, listed, changed(answer, place, odd))
                if found is None:
                    continue
                here = position(found.cursor)
                assert here is not None and (here.newest is None or here.newest <= SECONDS + 86_400), (place, odd)
                exchange.parse(found.records[:2])
    assert tried > 40


# ---- lists and holdings without end -----------------------------------------------------------


def test_a_list_of_one_new_record_a_page_ends() -> None:
    """Kraken's and Coinbase's pages by cursor: always another cursor, and one record that was never seen."""
    kraken, coinbase = importers.exchange("kraken"), importers.exchange("coinbase")
    movement = {"time": 1_750_000_000, "asset": "XXBT", "amount": "1"}
    fill = {"trade_time": "2025-06-15T15:06:40Z", "size": "1"}
    for exchange, name, answer in (
        (kraken, "DepositStatus", lambda n: {"result": {"d": [movement | {"refid": f"R{n}"}], "next_cursor": f"c{n}"}}),
        (kraken, "Ledgers", lambda n: {"result": {"ledger": {f"L{n}": movement}, "count": 10**6}}),
        (coinbase, "Fills", lambda n: {"fills": [fill | {"entry_id": f"e{n}"}], "cursor": f"c{n}"}),
    ):
        stream, asked, taken = next(each for each in exchange.streams if each.name == name), count(), 0

        def ask(_method: str, _params: Params, read: Any, answer: Any = answer, asked: Any = asked) -> Any:
            return read(answer(next(asked)))

        with pytest.raises(Refused, match=r"its list has no end after \d+ pages; run `taxsync import` again") as no:
            for one in pages(List(exchange, stream, "mine"), ask, None, SECONDS, lambda *_: None):
                taken += len(one.records)
        assert told(no.value).startswith(f"{exchange.name} ({name})") and 0 < taken < 3000


def test_a_record_larger_than_any_is_no_record() -> None:
    entry = {"time": 1_750_000_000, "asset": "XXBT", "amount": "1"}
    for id, more in (("L1", {"note": "x" * (2 << 20)}), ("L" * 1000, {})):
        assert (
            page(importers.exchange("kraken"), "Ledgers", {"result": {"ledger": {id: entry | more}, "count": 1}})
            is None
        )


def test_cursors_of_what_is_held_that_lead_in_a_circle_or_nowhere_end() -> None:
    wallet = next(each for each in importers.exchange("coinbase").wallets if each.more is not None)
    assert wallet.more is not None
    for following in (lambda n: "ab"[n % 2], lambda n: f"c{n}"):
        asked = count()

        def ask(params: Params, asked: Any = asked, following: Any = following) -> Answer:
            return wallet.read({"accounts": [{"available_balance": {"value": "1" * 40_000}}], "has_next": True,
                                "cursor": following(next(asked))})  # fmt: skip

        with pytest.raises(
            Refused, match=r"Coinbase \(Balance\): it(s list has no end| sends the same page again and)"
        ):
            gathered("Coinbase", "Balance", ask, wallet.more)
        assert next(asked) < 500
