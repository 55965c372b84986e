"""`taxsync keys`: add, list, check, remove. A key is asked what it may do before it is stored.

A key is an account: its name stands in taxsync.toml with its exchange, its secrets in the vault only.
"""

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

import importers
from importers.base import AGAIN, Exchange, Refused, Rights, Unlike
from importers.client import Client, open_client
from importers.credentials import goes_on, is_object
from importers.permissions import advice, ageing, careful, helpful, in_short, notes, verdict
from importers.system_keyring import Unusable, fetch_key
from importers.vault import FILE_NAME, Credentials, Entry, PassphraseNeeded, Vault, open_vault, read_credentials
from pipeline.issues import Stop
from pipeline.ledger import Ledger
from pipeline.run.coverage import KEY_RIGHTS, PUT_ASIDE
from pipeline.run.project import DEMO, keeping, opened
from pipeline.settings import Access, AccountSettings, Settings, check_account_name, load, save

COMMAND = "taxsync keys"
LATER = "try again later"
CAN_NOT_TELL = Rights(read=False, unknown=True)


class Stored(Struct, frozen=True):
    """A stored key as it may be shown. `last_used`, `asked`: ISO days of its last import and of when the exchange
    last said what it may do (`rights`; None: never; `may`: in short). `advice`: one line, or ""."""

    entry: Entry
    last_used: str
    rights: Rights | None
    may: str
    asked: str
    advice: str


class Checked(Struct, frozen=True):
    """A key whose exchange was asked now. `reads_only`: it may do nothing more (None: that was not told). `notes` are
    lines. `fine`: nothing has to be done about it: it only reads, as far as can be told, and import can use it."""

    key: Stored
    reads_only: bool | None
    notes: tuple[str, ...] = ()
    fine: bool = True


def vault(folder: Path, access: Access) -> Vault:
    """The keys of a data folder; asks for the passphrase where one is wanted and a person is there."""
    passphrase = access.environment.passphrase
    given = passphrase.reveal() if passphrase else None
    try:
        return open_vault(folder, access.environment.vault, given)
    except PassphraseNeeded as needed:
        if access.ask_passphrase is None:
            raise
        return open_vault(folder, access.environment.vault, access.ask_passphrase(needed.new))


def _made(keys: Vault, folder: Path, access: Access) -> Vault:
    """The vault, made now where there is none yet."""
    try:
        keys.make()
    except PassphraseNeeded as needed:
        if access.ask_passphrase is None:
            raise
        made = open_vault(folder, "file", access.ask_passphrase(needed.new), create=True)
        made.note = keys.note  # why it is not the keyring: not to be found out again
        return made
    return keys


def client(
    exchange: Exchange,
    credentials: Credentials | None,
    access: Access,
    waiting: Callable[[str], None],
    then: str = AGAIN,
) -> Client:
    """The exchange, opened with these credentials (None: for its public data), which it repeats to nobody."""
    secrets = credentials.reveal() if credentials else None
    plug_in = careful(exchange, [*secrets.values()] if secrets else [])
    return open_client(plug_in, secrets, access.environment.proxy_url, waiting, then)


def rights_of(one: Client, *, at_once: bool = False) -> Rights:
    """What the exchange says the key of `one` may do now; what is not known of it where it can't tell.

    One that does not, now or ever, is asked for balances, which a wrong key does not get. `at_once`: an answer of
    another form than the exchange documents is taken for one that can't tell, and not asked for again.
    """
    exchange, ask = one.exchange, one.call_stable if at_once else one.call
    rights = CAN_NOT_TELL if exchange.rights is None else exchange.rights(ask, one.key)
    if rights.untold:
        with suppress(Unlike):
            for wallet in exchange.wallets[:1]:
                own = next(iter(wallet.each(ask)), ("", {}))[1] if wallet.each else {}
                ask(wallet.method, wallet.params | own, wallet.read)
    return rights


def _may_now(exchange: Exchange, credentials: Credentials, access: Access, waiting: Callable[[str], None]) -> Rights:
    """What a key may do, asked for alone: no import follows."""
    return rights_of(client(helpful(exchange), credentials, access, waiting, LATER), at_once=True)


def not_used(
    exchange: Exchange, rights: Rights, name: str, allowed: Collection[str], now: datetime, *, stored: bool = True
) -> str | None:
    """Why an import does not use the key `name`, with what the user `allowed`; None: it does."""
    return verdict(
        exchange, rights, trade="trade" in allowed, unverified="unverified" in allowed, today=day(now),
        stored=name if stored else "",
    )  # fmt: skip


def day(now: datetime) -> date:
    """Of UTC, as exchanges tell when a key ends."""
    return now.astimezone(UTC).date()


def _untold(exchange: Exchange, rights: Rights) -> str:
    """That an exchange does not say what a key may do, and why, though it may have been seen to take it."""
    why = f" ({rights.why})" if rights.why else ""
    if exchange.rights is None and exchange.wallets:
        return f"{exchange.name} takes the key, but can't tell what it may do{why}"
    return f"{exchange.name} can't tell what the key may do{why}"


# ---- a new key --------------------------------------------------------------------------------


def typed(exchange: Exchange, ask: Callable[[str, Callable[[str], bool]], str]) -> str:
    """The credentials that a person types or pastes one by one, as one JSON object; a whole object, such as a key
    file, is taken for all of them. `ask` takes a question, and what says whether a pasted text goes on."""
    found = {}
    for name in exchange.credentials:
        own = name == "password"  # which a person chose, and may begin as it likes
        found[name] = ask(f"{exchange.id} {name}", (lambda _: False) if own else goes_on)
        if is_object(found[name]) and not own:
            return found[name]
    return json.dumps(found)


def what_is_asked(exchange: Exchange) -> str:
    """What is done with a key before it is stored, in a line."""
    if exchange.rights is not None:
        balances = ", and for balances where it can't tell" if exchange.wallets else ""
        return f"{exchange.name} will be asked what the key may do{balances}; nothing else is done with it now."
    works = ", only whether it works (its balances are asked for)" if exchange.wallets else ""
    return (
        f"{exchange.name} can't be asked what a key may do{works}: make sure that it only reads. {exchange.key_help}."
    )


def add(
    folder: Path,
    exchange: str,
    name: str,
    text: str | Callable[[Exchange], str],
    now: datetime,
    access: Access,
    waiting: Callable[[str], None],
    *,
    trade: bool,
    unverified: bool,
    confirm: Callable[[str], bool] | None = None,
    in_demo: bool = False,
) -> list[str]:
    """Stores a key when the exchange says it may just read. Raises Stop, and stores nothing, for any other.

    `name`: "" for the exchange's. `text`: one JSON object of credentials, or what asks for it once nothing else
    stands in the way. `trade` and `unverified` are what the user allowed; `confirm` asks a person on a terminal
    where the exchange can't tell.
    """
    plug_in = importers.exchange(exchange)
    name = name or plug_in.id
    keys = _place(folder, plug_in, name, access, in_demo)
    given = text if isinstance(text, str) else text(plug_in)
    credentials = read_credentials(given, plug_in.credentials, plug_in.name, plug_in.key_file)
    _require_new(keys, plug_in, credentials)
    rights = _may_now(plug_in, credentials, access, waiting)
    options = {what for what, yes in (("trade", trade), ("unverified", unverified)) if yes}
    refusal = not_used(plug_in, rights, name, options, now, stored=False)
    if refusal is not None and confirm is not None and rights.untold:
        if not confirm(f"{_untold(plug_in, rights)}. Does it only read, and shall it be stored?"):
            raise Refused(f"{plug_in.name}: the key is not stored. {plug_in.key_help}")
        refusal = not_used(plug_in, rights, name, {*options, "unverified"}, now, stored=False)
    if refusal is not None:
        raise Refused(refusal)
    allowed = tuple(what for what, yes in (("trade", trade and rights.trade), ("unverified", rights.unknown)) if yes)
    with _changing(folder, waiting) as ledger:
        keys = _made(keys, folder, access)
        settings = load(folder)
        # The account first: one without a key is told by every command, a key without its account by none.
        save(folder, replace(settings, accounts={**settings.accounts, name: AccountSettings(plug_in.id)}))
        try:
            entry = keys.put(name, plug_in.id, f"{now:%Y-%m-%d}", allowed, credentials)
        except Stop:
            save(folder, settings)
            raise
        remember(ledger, name, rights, now)
    return _added(plug_in, name, rights, keys, entry, in_demo)


def _place(folder: Path, exchange: Exchange, name: str, access: Access, in_demo: bool) -> Vault:
    """Where a new key goes, when one of this name and exchange can. Raises Stop."""
    check_account_name(name)
    settings = load(folder)
    if not in_demo and (folder / DEMO).exists():
        raise Refused(
            f"{folder} is the demo's: choose another folder for your own keys, `--data DIR` with every command"
        )
    known = settings.accounts.get(name)
    if known is not None and known.exchange != exchange.id:
        raise Refused(f"account '{name}' is at {known.exchange}: give this key another --name")
    keys = vault(folder, access)
    keys.require_free(name)
    if not (folder / FILE_NAME).exists():
        _require_store(keys, access)
    return keys


def _require_store(keys: Vault, access: Access) -> None:
    """Raises Stop where a vault that is still to be made can't be: before a person types a secret for it."""
    environment = access.environment
    if environment.vault != "file":
        try:
            fetch_key("0" * 32)  # of no vault: only whether a keyring answers
        except Unusable:
            if environment.vault == "keyring":
                keys.make()  # which says why it can't
        else:
            return
    if not environment.passphrase and access.ask_passphrase is None and environment.vault != "keyring":
        raise PassphraseNeeded(new=True)


def _require_new(keys: Vault, exchange: Exchange, credentials: Credentials) -> None:
    """Raises Refused for a key that is stored already: under a second name its history would count twice."""
    given = credentials.reveal()
    for entry in keys.entries():
        known = keys.get(entry.name).reveal()
        if entry.exchange == exchange.id and known.get("apiKey", known) == given.get("apiKey", given):
            raise Refused(
                f"this key is stored already, as '{entry.name}': under a second name its history would count twice; "
                f"use that one, or `taxsync keys remove {entry.name}` first"
            )


def _added(plug_in: Exchange, name: str, rights: Rights, keys: Vault, entry: Entry, in_demo: bool) -> list[str]:
    """What is said of a key that was stored now."""
    may = f" It may: {', '.join(rights.may)}." if rights.may else ""
    if rights.untold:
        may = f" {_untold(plug_in, rights)}."
    lines = [f"{name}: the key is stored in the {entry.store}.{may}", *([keys.note] if keys.note else [])]
    if keys.weak and not in_demo:
        lines.append(
            "the passphrase is short: who copies the folder can guess it; several random words are better "
            "(remove the keys, delete vault.bin, add them again)"
        )
    if not plug_in.streams:
        lines.append(f"{name}: no history is read with it. {plug_in.gap_help}".rstrip())
    return [*lines, *(f"{name}: {note}" for note in notes(plug_in, rights))]


# ---- the keys that are there ------------------------------------------------------------------


def of_account(keys: Vault, name: str, exchange: Exchange) -> Credentials:
    """The key of an account. One that was stored for another exchange is never sent to this one, whatever
    taxsync.toml says. Raises Stop."""
    entry = next((e for e in keys.entries() if e.name == name), None)
    if entry is None:
        raise Refused(_no_key(name, exchange.id))
    if entry.exchange != exchange.id:
        raise Refused(
            f"its key was stored for {entry.exchange}, and taxsync.toml says {exchange.id}: nothing was sent; "
            "correct the line, or remove the key and add the right one"
        )
    return keys.get(name)


def remember(ledger: Ledger, name: str, rights: Rights, now: datetime, put_aside: str = "") -> None:
    """Keeps what a key was seen to be allowed today, and why it is not used, where it isn't."""
    content = {"asked": f"{now:%Y-%m-%d}", "rights": asdict(rights)}
    ledger.keep_answer(KEY_RIGHTS, name, json.dumps(content), COMMAND)
    if put_aside or name in ledger.answers(PUT_ASIDE):
        ledger.keep_answer(PUT_ASIDE, name, put_aside, COMMAND)


def last_used(ledger: Ledger, name: str) -> date | None:
    """The day of an account's last import by API."""
    return max(
        (batch.at.date() for batch in ledger.batches() if (batch.kind, batch.name) == ("api", name)), default=None
    )


def without_key(settings: Settings, entries: list[Entry]) -> list[str]:
    """A line for each account that has no key, as when `keys add` or `keys remove` was stopped half-way."""
    stored = {entry.name for entry in entries}
    missing = ((name, account.exchange) for name, account in settings.accounts.items() if name not in stored)
    return [f"{name}: {_no_key(name, exchange)}" for name, exchange in missing]


def _no_key(name: str, exchange: str) -> str:
    return (
        f"no key is stored for it; `taxsync keys add {exchange} --name {name}` adds one, "
        f"`taxsync keys remove {name}` forgets the account"
    )


def stored(folder: Path, access: Access, now: datetime) -> tuple[list[Stored], list[str]]:
    """Every stored key, without its secrets, and lines on accounts that have none."""
    with opened(folder) as (settings, ledger):
        entries = vault(folder, access).entries()
        return [_stored(entry, settings, ledger, now) for entry in entries], without_key(settings, entries)


def _kept(exchange: str) -> Exchange:
    """The exchange of a key that is stored; one that this version does not know any more is known by its id alone."""
    try:
        return importers.exchange(exchange)
    except Refused:
        where = f"At {exchange}: in the settings of its API keys, delete this one"
        return Exchange(exchange, exchange, 0, (), frozenset(), revoke_help=where)


def _stored(entry: Entry, settings: Settings, ledger: Ledger, now: datetime) -> Stored:
    plug_in = _kept(entry.exchange)
    seen: dict[str, Any] = json.loads(ledger.answers(KEY_RIGHTS).get(entry.name, "{}"))
    asked = seen.get("asked", "") if plug_in.rights is not None else ""  # else nobody was asked
    facts: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in seen.get("rights", {}).items()
        if key in Rights.__struct_fields__  # an older or newer version may have kept others
    }
    rights = Rights(**facts) if facts else None
    used = last_used(ledger, entry.name)
    due = advice(plug_in, entry.name, rights, date.fromisoformat(entry.added), used, now.date())
    if entry.name not in settings.accounts:
        due.insert(0, f"no account of taxsync.toml uses it: `taxsync keys remove {entry.name}`, then add it again")
    return Stored(entry, str(used or ""), rights, in_short(rights), asked, due[0] if due else "")


def check(
    folder: Path, name: str, access: Access, now: datetime, waiting: Callable[[str], None]
) -> tuple[list[Checked], list[str]]:
    """What each key may do today (`name`: only that one), as its exchange says, and lines on accounts without one."""
    with opened(folder) as (settings, ledger):
        keys = vault(folder, access)
        entries = keys.entries()
        missing = without_key(settings, entries)
        if name and name in settings.accounts and name not in [e.name for e in entries]:
            raise Refused(f"{name}: {_no_key(name, settings.accounts[name].exchange)}")
        if name:
            keys.get(name)  # says which keys there are
            entries, missing = [e for e in entries if e.name == name], []
        return [_checked(entry, keys, settings, ledger, access, now, waiting) for entry in entries], missing


def _checked(
    entry: Entry,
    keys: Vault,
    settings: Settings,
    ledger: Ledger,
    access: Access,
    now: datetime,
    waiting: Callable[[str], None],
) -> Checked:
    try:
        plug_in = importers.exchange(entry.exchange)
        rights = _may_now(plug_in, keys.get(entry.name), access, waiting)
    except Refused as why:  # hides no other key
        untold = replace(_stored(entry, settings, ledger, now), rights=CAN_NOT_TELL, may=in_short(CAN_NOT_TELL))
        return Checked(untold, None, (str(why),), fine=False)
    aside = not_used(plug_in, rights, entry.name, entry.allow, now)
    remember(ledger, entry.name, rights, now, put_aside=aside or "")
    known = {"unverified"} if plug_in.rights is None or "unverified" in entry.allow else set()  # that it can't tell
    refusal = not_used(plug_in, rights, entry.name, known, now)
    told = [refusal] if refusal else []
    if refusal and not aside:
        may = ", ".join(rights.more or rights.may)
        told = [f"it may do more than read ({may}), which was allowed when it was stored. {plug_in.key_help}"]
    if rights.unknown and not told:
        told = [f"{_untold(plug_in, rights)}: look there. {plug_in.key_help}"]
    used = last_used(ledger, entry.name)
    aged = ageing(plug_in, entry.name, rights, date.fromisoformat(entry.added), used, now.date())
    reads_only = False if rights.trade or rights.withdraw else None if rights.unknown else True
    key = _stored(entry, settings, ledger, now)
    lines = (*told, *notes(plug_in, rights, day(now)), *([aged] if aged else []))
    return Checked(key, reads_only, lines, fine=refusal is None)


def remove(folder: Path, name: str, access: Access, waiting: Callable[[str], None]) -> list[str]:
    """Forgets a key here; what it fetched stays. At the exchange it lives on until it is revoked there."""
    with _changing(folder, waiting):
        settings = load(folder)
        keys = vault(folder, access)
        lost = name in settings.accounts and name not in [entry.name for entry in keys.entries()]
        exchange = settings.accounts[name].exchange if lost else keys.remove(name).exchange
        accounts = {n: a for n, a in settings.accounts.items() if n != name}
        save(folder, replace(settings, accounts=accounts))
    what = "the account, which had no key, is" if lost else "the key is"
    return [
        f"{name}: {what} forgotten here; what was imported with it stays",
        f"A key works until you revoke it there. {_kept(exchange).revoke_help}".rstrip(),
    ]


@contextmanager
def _changing(folder: Path, waiting: Callable[[str], None]) -> Iterator[Ledger]:
    """Holds the folder, as an import does: one at a time writes vault and settings."""
    with keeping(folder, COMMAND, waiting) as (_, ledger):
        yield ledger
