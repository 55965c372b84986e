"""What an import makes of an exchange whose answers are right in form and wrong in what they say, and the import after
it, when the exchange is honest again: the ledger then ends as if nothing had been."""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from importers import exact
from importers.base import Answer
from importers.sandbox.server import Fault, Faults
from importers.sync import BALANCE
from tests.hard.accounts import ACCOUNTS, Account
from tests.importers.exchanges.imports import Run, fetch, kept, problems, ready
from tests.person import Person, contents

FIVE = tuple(ACCOUNTS)
Twist = Callable[[Answer], Answer]  # what it gives as text is sent as it is


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    yield
    capsys.readouterr()


@pytest.fixture(scope="module")
def accounts() -> Callable[[str], Account]:
    return cache(lambda name: ACCOUNTS[name]())


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory, accounts: Any) -> Callable[[str], Path]:
    """The folder of someone with a key and no history."""

    def made(name: str) -> Path:
        one = accounts(name)
        return ready(tmp_path_factory.mktemp(name) / "data", name, one.book, one.credentials)

    return cache(made)


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory, accounts: Any, before: Any) -> Callable[[str], Path]:
    """The same after an honest import."""

    def made(name: str) -> Path:
        folder = shutil.copytree(before(name), tmp_path_factory.mktemp(f"{name}-whole") / "data")
        run = run_of(folder, accounts(name))
        assert run.failures == []
        return folder

    return cache(made)


def run_of(folder: Path, account: Account, faults: Faults | None = None) -> Run:
    return fetch(folder, account.book, faults, since=account.since)  # type: ignore[arg-type]


def twisted(account: Account, twist: Twist, *only: str) -> Faults:
    """The lists of an account, or `only` some, as `twist` makes them."""

    def faults(_number: int, path: str) -> Fault | None:
        if not path.endswith(only or account.lists):
            return None
        return Fault(body=lambda right: said(twist(exact.loads(right.decode()))).encode())

    return faults


def both(*several: Faults) -> Faults:
    """What goes wrong with each list by itself."""
    return lambda number, path: next(filter(None, (faults(number, path) for faults in several)), None)


def said(answer: Answer) -> str:
    return answer if isinstance(answer, str) else exact.dumps(answer)


def records(folder: Path) -> list[Any]:
    return [each for each in kept(folder)["records"] if not each[0].startswith(BALANCE)]


def assert_same(folder: Path, whole: Path) -> None:
    assert records(folder) == records(whole)
    assert kept(folder)["transactions"] == kept(whole)["transactions"]


def assert_told(run: Run, *how: str) -> None:
    """Each failure in a line that says where and what to do."""
    assert run.failures, how
    for line in run.failures:
        assert line.startswith("mine: ") and line.isprintable() and len(line) < 330, line
        assert re.search(r"again later|taxsync (import|keys)|not asked for|see there", line), line


# ---- records of an answer, whatever the exchange ----------------------------------------------


def rows(answer: Answer) -> list[dict[str, Any]]:
    """The records in an answer, to be changed where they are."""
    if isinstance(answer, list):
        return [each for each in answer if isinstance(each, dict)]
    inner = [each for name, each in answer.items() if name in ("result", "data", "fills", "ledger", "trades", "rows")]
    inner += [each for name, each in answer.items() if isinstance(each, list) and name not in ("error", "errors")]
    for each in inner:
        if isinstance(each, dict) and each and all(isinstance(value, dict) for value in each.values()):
            return list(each.values())
        if found := rows(each) if isinstance(each, dict | list) else []:
            return found
    return []


TIMES = {"time", "ts", "datetime", "created_at", "trade_time", "insertTime", "applyTime", "completeTime"}
AMOUNTS = {"amount", "vol", "cost", "qty", "btc", "usd", "balChg", "bal", "amt", "size"}


def at(written: dict[str, str | int]) -> Twist:
    """The last record of each page is of another time, in the form in which its own is written."""

    def twist(answer: Answer) -> Answer:
        for name in TIMES & set((rows(answer) or [{}])[-1]):
            row = rows(answer)[-1]
            told = str(row[name])
            number = re.fullmatch(r"[\d.]+", told)
            form = "iso" if not number else "milliseconds" if len(told.partition(".")[0]) > 11 else "seconds"
            row[name] = type(row[name])(written[form]) if number else written[form]
        return answer

    return twist


def doubled(row: dict[str, Any]) -> dict[str, Any]:
    """A record with another amount."""
    return {
        name: f"{value}7" if name in AMOUNTS and isinstance(value, str) and "." in value
        else value | {"amount": value["amount"] + "7"} if isinstance(value, dict) and "amount" in value
        else value
        for name, value in row.items()
    }  # fmt: skip


def other_contents(answer: Answer) -> Answer:
    for row in rows(answer):
        row.update(doubled(row))
    return answer


def echoing(account: Account) -> Twist:
    def twist(answer: Answer) -> Answer:
        for row in rows(answer)[-1:]:
            row["debug"] = {"you sent": account.credentials["apiKey"]}
        return answer

    return twist


def in_place_of_lists(value: Answer) -> Twist:
    def twist(answer: Answer) -> Answer:
        if isinstance(answer, list):
            return {"rows": value}
        for name, each in answer.items():
            if isinstance(each, list) and name not in ("error", "errors"):
                answer[name] = value
            elif isinstance(each, dict) and name == "result":
                answer[name] = dict.fromkeys(each, value)
        return answer

    return twist


def one_id_twice(answer: Answer) -> Answer | str:
    """The last record once more, with another amount; Kraken's ids are names, which JSON allows twice."""
    found = rows(answer)
    if isinstance(answer, list):
        return [*answer, doubled(found[-1])] if found else "{}"
    text: str = exact.dumps(answer)
    if not found:
        return "{}"
    last, again = exact.dumps(found[-1]), exact.dumps(doubled(found[-1]))
    named = re.search(r'("[^"]+":)' + re.escape(last), text)
    return text.replace(last, f"{last},{named.group(1) if named else ''}{again}", 1)


def the_same_page_for_ever() -> Twist:
    """Fifty records and the word that there are more, whatever is asked for."""
    first: list[Answer] = []

    def twist(answer: Answer) -> Answer:
        if isinstance(answer, list):
            first[:] = first or answer[:50]
            return first if answer else answer
        inner = next((answer[name] for name in ("result", "data") if isinstance(answer.get(name), dict)), answer)
        for name, value in {"count": 10**6, "next_cursor": "again", "cursor": "1", "has_next": True}.items():
            if name in inner:
                inner[name] = value
        if "pagination" in answer:
            answer["pagination"]["next_starting_after"] = (rows(answer) or [{}])[-1].get("id")
        if len(rows(answer)) >= 50 or first:
            first[:] = first or [answer]
            for name, value in first[0].items():
                answer[name] = value[:50] if isinstance(value, list) else value
        return answer

    return twist


# How pages are wrong in a way that their reader sees: those of the list that tells most, and of the others.
WRONG: dict[str, Twist] = {
    "a year to come": at({"iso": "2999-12-31T23:59:59Z", "milliseconds": 32503679999000, "seconds": 32503679999}),
    "text in place of lists": in_place_of_lists("none"),
    "one id twice": one_id_twice,
    "no time": at({"iso": "", "milliseconds": 0, "seconds": 0}),
    "lists in lists": in_place_of_lists([[{"id": 1}]]),
}


@pytest.mark.parametrize("name", FIVE)
def test_what_is_plainly_wrong_is_told_and_the_import_after_it_ends_as_if_it_had_not_been(
    name: str, accounts: Any, before: Any, truth: Any, tmp_path: Path
) -> None:
    account, folder = accounts(name), shutil.copytree(before(name), tmp_path / "data")
    others, wrong = account.lists[1:], WRONG | {"what was sent": echoing(account)}
    ways, key = list(wrong), account.credentials["apiKey"].encode()
    for main, other in zip(ways[::2], ways[1::2], strict=True):
        faults = both(twisted(account, wrong[main], account.lists[0]), twisted(account, wrong[other], *others))
        run = run_of(folder, account, faults)
        assert_told(run, main, other)
        assert set(records(folder)) <= set(records(truth(name))), (main, other)
    assert not [file for file, content in contents(folder).items() if key in content]
    onward = "myTrades" if name == "binance" else account.lists[0]
    run = run_of(folder, account, twisted(account, the_same_page_for_ever(), onward))
    assert_told(run, "for ever")
    assert "it sends the same page again and again" in " ".join(run.failures)
    assert run_of(folder, account).failures == []
    assert_same(folder, truth(name))


@pytest.mark.parametrize("name", FIVE)
def test_a_known_record_with_other_contents_is_told_and_the_right_one_counts_in_the_end(
    name: str, accounts: Any, truth: Any, tmp_path: Path
) -> None:
    account, folder = accounts(name), shutil.copytree(truth(name), tmp_path / "data")
    run = run_of(folder, account, twisted(account, other_contents))
    assert re.search(r"0 new records, \d+ revised", run.lines[0]), run.lines
    assert kept(folder)["transactions"] != kept(truth(name))["transactions"]
    assert "balance_differs" in problems(folder)
    assert re.search(r"0 new records, \d+ revised", run_of(folder, account).lines[0])
    assert_same(folder, truth(name))


@pytest.mark.parametrize("name", ["binance", "bitstamp"])
def test_an_id_beyond_all_others_hides_nothing_that_comes_after_it(
    name: str, accounts: Any, before: Any, truth: Any, tmp_path: Path
) -> None:
    """Such a list is asked onward from the newest id: the wrong one would else be the last for ever."""

    def far(answer: Answer) -> Answer:
        for row in rows(answer)[:1]:
            row["id"] = 10**15
        return answer[:1]

    account, folder = accounts(name), shutil.copytree(before(name), tmp_path / "data")
    onward = "myTrades" if name == "binance" else "user_transactions/"
    run_of(folder, account, twisted(account, far, onward))
    assert "balance_differs" in problems(folder)
    run = run_of(folder, account)
    assert run.failures == [] and set(records(truth(name))) < set(records(folder))
    assert "balance_differs" in problems(folder), "the record that it gave before stays, and its balance shows it"


@pytest.mark.parametrize("name", ["coinbase", "bitstamp"])
def test_the_records_of_another_account_show_in_the_balances(
    name: str, accounts: Any, before: Any, tmp_path: Path
) -> None:
    """Nothing in them says whose they are."""
    account, folder = accounts(name), shutil.copytree(before(name), tmp_path / "data")
    assert run_of(folder, account, twisted(account, other_contents)).failures == []
    assert "balance_differs" in problems(folder)


HOSTILE = "\x1b]0;owned\x07\x1b[2J<script>=1+1;../../X\u202e'); DROP TABLE raw;--"


@pytest.mark.sqlite("ids with a NUL, which PostgreSQL's texts can't hold")
def test_names_and_ids_that_would_move_a_cursor_or_a_file_are_words_and_nothing_else(
    accounts: Any, before: Any, tmp_path: Path
) -> None:
    def renamed(answer: Answer) -> Answer | str:
        for row in rows(answer):
            row["asset"], row["refid"] = HOSTILE, f"{row['refid']}{HOSTILE}"
        return exact.dumps(answer).replace('"L', '"\\u0000\\u001b[31mL')

    account = accounts("kraken")
    shutil.copytree(before("kraken"), tmp_path / "data")
    run_of(tmp_path / "data", account, twisted(account, renamed, "Ledgers"))
    assert len(records(tmp_path / "data")) > 50
    person = Person(tmp_path)
    for command, code in (
        ("status", 0),
        ("check", 1),
        ("report --year 2025", 0),
        ("status --json", 0),
        ("check --json", 1),
    ):
        done = person.run(*command.split(), code=code)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", done.said), command
    assert {path.name for path in tmp_path.iterdir()} == {"data"}


def nothing(answer: Answer) -> Answer:
    if isinstance(answer, list):
        return []
    empty = {name: [] if isinstance(each, list) else each for name, each in answer.items()}
    if isinstance(inner := answer.get("result"), dict):
        empty["result"] = {name: [] if isinstance(each, list) else {} for name, each in inner.items()} | {"count": 0}
    return empty


@pytest.mark.parametrize("name", ["kraken", "okx"])
def test_lists_that_were_said_to_be_empty_show_in_the_balances_and_come_with_the_next_import(
    name: str, accounts: Any, before: Any, truth: Any, tmp_path: Path
) -> None:
    account, folder = accounts(name), shutil.copytree(before(name), tmp_path / "data")
    assert run_of(folder, account, twisted(account, nothing)).failures == []
    assert "balance_differs" in problems(folder)
    run_of(folder, account)
    assert_same(folder, truth(name))
