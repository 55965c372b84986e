"""`taxsync keys`: add, list, check, remove. A key is asked what it may do before it is stored.

A key is an account: its name stands in taxsync.toml with its exchange, its secrets in the vault only.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import importers
from importers.base import Exchange, Refused, Rights
from importers.client import Client, open_client
from importers.permissions import advice, in_short, notes, verdict
from importers.vault import Credentials, Entry, PassphraseNeeded, Vault, open_vault, read_credentials
from pipeline.ledger import Ledger
from pipeline.run.coverage import KEY_RIGHTS, PUT_ASIDE
from pipeline.run.project import DEMO, opened
from pipeline.settings import Access, AccountSettings, check_account_name, load, save

COMMAND = "taxsync keys"


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored key as it may be shown. `last_used`, `asked`: ISO days of its last import and of when the exchange
    last said what it may do (`rights`; None: never; `may`: in short). `advice`: one line, or ""."""

    entry: Entry
    last_used: str
    rights: Rights | None
    may: str
    asked: str
    advice: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What a key may do today. `reads_only`: nothing more (None: the exchange can't tell). `notes` are lines."""

    name: str
    exchange: str
    rights: Rights
    reads_only: bool | None
    notes: tuple[str, ...] = ()


def fields(exchange: str) -> tuple[str, ...]:
    """The credentials that an exchange gives, by ccxt's names."""
    return importers.exchange(exchange).credentials


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


def client(
    exchange: Exchange, credentials: Credentials | None, access: Access, waiting: Callable[[str], None]
) -> Client:
    """The exchange, opened with these credentials (None: for its public data)."""
    secrets = credentials.reveal() if credentials else None
    return open_client(exchange, secrets, access.environment.proxy_url, waiting)


def rights_of(one: Client) -> Rights:
    """What the exchange says the key of `one` may do now."""
    exchange = one.exchange
    if exchange.rights is None:
        return Rights(read=False, unknown=True)
    return exchange.rights(one.call, one.key)


def add(
    folder: Path,
    exchange: str,
    name: str,
    text: str,
    now: datetime,
    access: Access,
    waiting: Callable[[str], None],
    *,
    trade: bool,
    unverified: bool,
    confirm: Callable[[str], bool] | None = None,
    in_demo: bool = False,
) -> list[str]:
    """Stores a key (`text`: one JSON object of credentials) when the exchange says it may just read.

    Raises Stop, and stores nothing, for any other. `trade` and `unverified` are what the user allowed;
    `confirm` asks a person on a terminal where the exchange can't tell.
    """
    plug_in = importers.exchange(exchange)
    check_account_name(name)
    settings = load(folder)
    if not in_demo and (folder / DEMO).exists():
        raise Refused(
            f"{folder} is the demo's: choose another folder for your own keys, `--data DIR` with every command"
        )
    credentials = read_credentials(text, plug_in.credentials, plug_in.name, plug_in.key_file)
    known = settings.accounts.get(name)
    if known is not None and known.exchange != exchange:
        raise Refused(f"account '{name}' is at {known.exchange}: give this key another --name")
    rights = rights_of(client(plug_in, credentials, access, waiting))
    refusal = verdict(plug_in, rights, trade=trade, unverified=unverified)
    if refusal is not None and confirm is not None and rights == Rights(read=False, unknown=True):
        question = f"{plug_in.name} can't tell what this key may do. Does it only read, and store it?"
        refusal = verdict(plug_in, rights, trade=trade, unverified=confirm(question))
    if refusal is not None:
        raise Refused(refusal)
    allowed = tuple(what for what, yes in (("trade", trade and rights.trade), ("unverified", rights.unknown)) if yes)
    with _changing(folder, waiting) as ledger:
        keys = vault(folder, access)
        try:
            entry = keys.put(name, exchange, f"{now:%Y-%m-%d}", allowed, credentials)
        except PassphraseNeeded as needed:
            if access.ask_passphrase is None:
                raise
            noted = keys.note  # why it is not the keyring: not to be found out again
            keys = open_vault(folder, "file", access.ask_passphrase(needed.new))
            keys.note = noted
            entry = keys.put(name, exchange, f"{now:%Y-%m-%d}", allowed, credentials)
        settings = load(folder)
        save(folder, replace(settings, accounts={**settings.accounts, name: AccountSettings(exchange)}))
        remember(ledger, name, rights, now)
    may = f" It may: {', '.join(rights.may)}." if rights.may else ""
    lines = [f"{name}: the key is stored in the {entry.store}.{may}"]
    return [*lines, *([keys.note] if keys.note else []), *(f"{name}: {note}" for note in notes(plug_in, rights))]


def of_account(keys: Vault, name: str, exchange: Exchange) -> Credentials:
    """The key of an account. One that was stored for another exchange is never sent to this one, whatever
    taxsync.toml says. Raises Stop."""
    entry = next((e for e in keys.entries() if e.name == name), None)
    if entry is None:
        raise Refused(
            f"{name}: no key is stored for it; `taxsync keys add {exchange.id} --name {name}` adds one, "
            f"`taxsync keys remove {name}` forgets the account"
        )
    if entry.exchange != exchange.id:
        raise Refused(
            f"{name}: its key was stored for {entry.exchange}, and taxsync.toml says {exchange.id}: nothing was sent; "
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


def stored(folder: Path, access: Access, now: datetime) -> list[Stored]:
    """Every stored key, without its secrets."""
    with opened(folder) as (_, ledger):
        return [_stored(entry, ledger, now) for entry in vault(folder, access).entries()]


def _stored(entry: Entry, ledger: Ledger, now: datetime) -> Stored:
    seen: dict[str, Any] = json.loads(ledger.answers(KEY_RIGHTS).get(entry.name, "{}"))
    told = importers.exchange(entry.exchange).rights is not None  # else nobody was asked
    asked = seen.get("asked", "") if told else ""
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in seen.get("rights", {}).items()}
    rights = Rights(**fields) if fields else None
    used = last_used(ledger, entry.name)
    due = advice(
        importers.exchange(entry.exchange), entry.name, rights, date.fromisoformat(entry.added), used, now.date()
    )
    return Stored(entry, str(used or ""), rights, in_short(rights), asked, due[0] if due else "")


def check(folder: Path, name: str, access: Access, now: datetime, waiting: Callable[[str], None]) -> list[Checked]:
    """What each key may do today (`name`: only that one), as its exchange says; why, where it doesn't say."""
    with opened(folder) as (_, ledger):
        keys = vault(folder, access)
        entries = [e for e in keys.entries() if name in ("", e.name)]
        if name and not entries:
            keys.get(name)  # says which keys there are
        return [_checked(entry, keys, ledger, access, now, waiting) for entry in entries]


def _checked(
    entry: Entry, keys: Vault, ledger: Ledger, access: Access, now: datetime, waiting: Callable[[str], None]
) -> Checked:
    plug_in = importers.exchange(entry.exchange)
    try:
        rights = rights_of(client(plug_in, keys.get(entry.name), access, waiting))
    except Refused as why:  # hides no other key
        return Checked(entry.name, entry.exchange, Rights(read=False, unknown=True), False, (str(why),))
    refusal = verdict(plug_in, rights, trade=False, unverified=True)
    remember(ledger, entry.name, rights, now)
    told = [refusal] if refusal else []
    age = advice(plug_in, entry.name, None, date.fromisoformat(entry.added), last_used(ledger, entry.name), now.date())
    if rights.unknown and not told:
        told = [f"{plug_in.name} can't tell what this key may do: look there. {plug_in.key_help}"]
    reads_only = None if rights.unknown and refusal is None else refusal is None
    return Checked(entry.name, entry.exchange, rights, reads_only, (*told, *notes(plug_in, rights), *age))


def remove(folder: Path, name: str, access: Access, waiting: Callable[[str], None]) -> list[str]:
    """Forgets a key here; what it fetched stays. At the exchange it lives on until it is revoked there."""
    with _changing(folder, waiting):
        settings = load(folder)
        keys = vault(folder, access)
        lost = name in settings.accounts and name not in [entry.name for entry in keys.entries()]
        exchange = settings.accounts[name].exchange if lost else keys.remove(name).exchange
        accounts = {n: a for n, a in settings.accounts.items() if n != name}
        save(folder, replace(settings, accounts=accounts))
    help = importers.exchange(exchange).revoke_help
    return [
        f"{name}: the key is forgotten here; what was imported with it stays",
        f"It still works until you revoke it. {help}".rstrip(),
    ]


@contextmanager
def _changing(folder: Path, waiting: Callable[[str], None]) -> Iterator[Ledger]:
    """Holds the folder, as an import does: one at a time writes vault and settings."""
    with opened(folder) as (_, ledger), ledger.importing(COMMAND, waiting):
        yield ledger
