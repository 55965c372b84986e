"""Which keys may be stored: one that only reads, and what the user allowed beside; never withdrawing."""

from datetime import date
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from importers.base import Call, Exchange, Rights, Unlike
from importers.permissions import UNSAYABLE, advice, careful, in_short, notes, of_all, sayable, verdict
from pipeline.model import Parsed

HELP = "Settings > API > Create key, only the Query rights."
BIND, REVOKE = "Settings > API > the key > IP addresses.", "Settings > API > the key > Delete."
KRAKEN = Exchange(
    id="kraken",
    name="Kraken",
    version=1,
    credentials=("apiKey", "secret"),
    allow=frozenset(),
    streams=(),
    parse=lambda records: Parsed([], []),
    key_help=HELP,
    bind_help=BIND,
    revoke_help=REVOKE,
)
BOTH = list(product((False, True), repeat=2))


def refusal(rights: Rights, trade: bool = False, unverified: bool = False) -> str:
    line = verdict(KRAKEN, rights, trade=trade, unverified=unverified)
    assert line is not None and "\n" not in line
    assert line.startswith("Kraken: ") and line.endswith(HELP)
    return line


@pytest.mark.parametrize(("trade", "unverified"), BOTH)
def test_a_key_that_only_reads_is_taken(trade: bool, unverified: bool) -> None:
    assert verdict(KRAKEN, Rights(read=True), trade=trade, unverified=unverified) is None


@pytest.mark.parametrize(("trade", "unverified"), BOTH)
@pytest.mark.parametrize("unknown", [False, True])
def test_a_key_that_withdraws_is_never_taken(trade: bool, unverified: bool, unknown: bool) -> None:
    rights = Rights(read=True, trade=True, withdraw=True, unknown=unknown, may=("query-funds", "withdraw-funds"))
    line = refusal(rights, trade, unverified)
    assert "withdraw" in line and "withdraw-funds" in line and "never stored" in line and "--allow" not in line


def test_a_key_that_trades_is_taken_only_when_that_is_allowed() -> None:
    rights = Rights(read=True, trade=True, may=("modify-trades",))
    for unverified in (False, True):
        line = refusal(rights, unverified=unverified)
        assert "may trade (it may: modify-trades)" in line and "--allow-trade" in line
        assert verdict(KRAKEN, rights, trade=True, unverified=unverified) is None


def test_rights_that_can_not_be_told_are_taken_only_when_that_is_allowed() -> None:
    rights = Rights(read=False, unknown=True)
    for trade in (False, True):
        assert "--allow-unverified" in refusal(rights, trade=trade)
        assert verdict(KRAKEN, rights, trade=trade, unverified=True) is None


@pytest.mark.parametrize(("trade", "unverified"), BOTH)
def test_what_import_needs_is_named(trade: bool, unverified: bool) -> None:
    line = refusal(Rights(read=True, missing=("query-ledger", "query-closed-trades")), trade, unverified)
    assert "lacks what import needs: query-ledger, query-closed-trades; add it to the key at Kraken" in line
    assert "may not read" in refusal(Rights(read=False), trade, unverified)


def test_one_allowance_is_not_the_other() -> None:
    rights = Rights(read=True, trade=True, unknown=True)
    assert "--allow-trade" in refusal(rights, unverified=True)
    assert "--allow-unverified" in refusal(rights, trade=True)
    assert verdict(KRAKEN, rights, trade=True, unverified=True) is None


def test_rights_that_are_not_known_say_so_and_want_both_allowances() -> None:
    rights = Rights.of(("read", "rockets"), frozenset({"read"}), frozenset({"trade"}), frozenset({"pay"}))
    assert (rights.read, rights.trade, rights.withdraw, rights.unknown) == (True, True, False, True)
    told = "may do what taxsync does not know, which counts as trading (it may: rockets; besides: read)"
    assert told in refusal(rights)
    assert verdict(KRAKEN, rights, trade=True, unverified=True) is None


@pytest.mark.parametrize("word", ["pay", "SubTransferV2", "auto-withdrawal"])
def test_any_word_of_moving_funds_counts_as_withdrawing(word: str) -> None:
    rights = Rights.of(("read", word), frozenset({"read"}), frozenset({"trade", word}), frozenset({"pay"}))
    assert (rights.withdraw, rights.trade, rights.unknown) == (True, False, False)
    assert not Rights.of(("withdrawals read",), frozenset({"withdrawals read"}), frozenset(), frozenset()).withdraw


def test_where_all_keys_are_listed_what_any_of_them_may_do_counts() -> None:
    reads = Rights(read=True, may=("read",), missing=("ledger",), ip_bound=True, created="2024-01-01")
    moves = Rights(read=False, withdraw=True, may=("withdraw",), missing=("ledger", "trades"), ip_bound=False)
    together = of_all([reads, moves])
    assert (together.read, together.trade, together.withdraw) == (True, False, True)
    assert together.missing == ("ledger",) and together.ip_bound is None and together.created == ""
    assert "all 2 keys together: it does not say which one this is" in refusal(together)
    assert of_all([reads]) == reads
    assert of_all([reads, reads]).may == ("read",)
    with pytest.raises(Unlike):
        of_all([])


NO: list[Any] = [False, "false", " False ", 0, "0", "", None, [], {}]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"canWithdraw": True}, ("canWithdraw",)),
        ({"data": [{"perm": ["read", "withdraw"]}]}, ("withdraw",)),
        ({"wallet": {"InternalTransfers": "on"}}, ("InternalTransfers",)),
        ([["withdraw", 1, 1]], ("withdraw",)),
        (["withdraw", None, ""], ("withdraw",)),
        ([["withdraw", 0, 0], ["transfer", False, 0]], ()),
        ({f"withdraw{n}": no for n, no in enumerate(NO)}, ()),
        ({"can_view": True}, ()),
        ([], ()),
    ],
)
def test_an_answer_of_another_form_is_searched_for_what_moves_funds(answer: Any, says: tuple[str, ...]) -> None:
    def odd(call: Call, _key: str) -> Rights:
        def unlike(_answer: Any) -> Rights:
            raise Unlike("its answer is odd")

        rights: Rights = call("what", {}, unlike)
        return rights

    exchange = careful(replace(KRAKEN, rights=odd), ())
    assert exchange.rights is not None
    rights = exchange.rights(lambda _method, _params, read: read(answer), "")
    assert (rights.withdraw, rights.unknown, rights.may, rights.why) == (bool(says), True, says, "its answer is odd")
    assert rights.untold is not bool(says)
    if not says:
        assert "whether this key only reads (its answer is odd); look" in refusal(rights)


@pytest.mark.parametrize(
    ("word", "is_shown"),
    [
        ("query-funds", True),
        ("Wallet AccountTransfer (v2.1)", True),
        ("all 12 keys together: it does not say which one this is", True),
        ("Passe-Partout-12", False),
        ("scope passe-partout", False),  # as an exchange may write it
        ("of KEYabcdefgh1", False),
        ("a" * 61, False),
        ("", False),
        ("\x1b[2J", False),
        ("<b>", False),
    ],
)
def test_words_that_repeat_a_secret_or_are_none_are_not_shown(word: str, is_shown: bool) -> None:
    secrets = ("KEYabcdefgh12345", "Passe-Partout-12", "")
    rights = sayable(Rights(read=True, may=("read", word), limits=(f"only {word}",)), secrets)
    assert rights.may == ("read", word if is_shown else UNSAYABLE)
    assert is_shown is (rights.limits == (f"only {word}",)) or word == ""


def test_a_key_whose_last_day_is_over_has_expired() -> None:
    rights = Rights(read=True, expires="2026-11-25")
    for today, over in ((date(2026, 11, 25), False), (date(2026, 11, 26), True)):
        line = verdict(KRAKEN, rights, trade=True, unverified=True, today=today)
        assert line == (f"Kraken: the key has expired, on 2026-11-25; make a new one. {HELP}" if over else None)
        assert any("expires on" in note for note in notes(KRAKEN, rights, today)) is not over


def test_what_is_said_of_a_stored_key_is_to_add_it_again() -> None:
    for rights in (Rights(read=True, trade=True), Rights(read=False, unknown=True)):
        line = verdict(KRAKEN, rights, trade=False, unverified=False, stored="main")
        assert line is not None and "remove it, `taxsync keys remove main`, and add it again with --allow-" in line
        assert "store it as it is" not in line


def test_words_of_the_exchange_move_no_cursor() -> None:
    assert "\x1b" not in refusal(Rights(read=True, withdraw=True, may=("\x1b[2Jall\n",)))


def test_notes_say_what_is_good_to_know() -> None:
    assert notes(KRAKEN, Rights(read=True, ip_bound=True)) == []
    rights = Rights(read=True, ip_bound=False, expires="2026-12-31", limits=("nothing before 2024-01-01",))
    history, expiry, address = notes(KRAKEN, rights)
    assert address.startswith("bound to no address: bind it") and address.endswith(BIND)
    assert "expires on 2026-12-31" in expiry
    assert history.endswith("nothing before 2024-01-01")
    (address,) = notes(KRAKEN, Rights(read=True))
    assert "whether it is bound to an address can't be told" in address and address.endswith(BIND)


@pytest.mark.parametrize(
    ("rights", "words"),
    [
        (None, "not asked"),
        (Rights(read=True, trade=True), "read, trade"),
        (Rights(read=False, unknown=True), "unknown"),
        (Rights(read=False, missing=("Ledger",), may=("funds",)), "read in part"),
        (Rights(read=False, missing=("Ledger",)), "nothing"),
    ],
)
def test_what_a_key_may_do_in_a_word_or_two(rights: Rights | None, words: str) -> None:
    assert in_short(rights) == words


TODAY = date(2026, 11, 25)
BOUND = Rights(read=True, ip_bound=True)


@pytest.mark.parametrize(
    ("added", "used", "rights", "says"),
    [
        ("2026-11-01", None, BOUND, ""),
        ("2026-08-28", None, BOUND, ""),
        ("2026-08-27", None, BOUND, "not used so far"),
        ("2026-01-01", "2026-08-28", BOUND, ""),
        ("2026-01-01", "2026-08-27", BOUND, "not used since 2026-08-27"),
        ("2025-11-26", "2026-11-20", BOUND, ""),
        ("2025-11-25", "2026-11-20", BOUND, "older than a year"),
        ("2026-11-01", None, replace(BOUND, created="2025-11-26"), ""),
        ("2026-11-01", None, replace(BOUND, created="2025-11-25"), "older than a year"),
        ("2025-11-25", "2026-11-20", replace(BOUND, created="2026-01-01"), ""),
        ("2026-11-01", None, Rights(read=True, ip_bound=False), "bound to no address"),
        ("2026-11-01", None, Rights(read=True), "whether it is bound to an address can't be told"),
        ("2026-11-01", None, Rights(read=True, ip_bound=True, expires="2026-12-25"), "expires on 2026-12-25"),
        ("2026-11-01", None, Rights(read=True, ip_bound=True, expires="2026-12-26"), ""),
        ("2026-11-01", None, replace(BOUND, read=False, missing=("Ledger",)), "lacks what import needs: Ledger. Set"),
        ("2026-11-01", None, None, ""),
    ],
)
def test_advice_comes_when_it_is_due(added: str, used: str | None, rights: Rights | None, says: str) -> None:
    day = date.fromisoformat
    due = advice(KRAKEN, "main", rights, day(added), day(used) if used else None, TODAY)
    assert [line.startswith(says) for line in due] == [True] * bool(says)
    if says.startswith(("not used", "older")):
        assert "`taxsync keys remove main`" in due[0] and due[0].endswith(REVOKE)
