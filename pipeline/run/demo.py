"""`taxsync demo`: the whole way on the sandbox exchange, which runs on this machine. No key, no network.

Everything is the real thing but the exchange: the same client, ledger, engine and reports. The
sandbox's clock stands still, so that every machine gets the same bytes.
"""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from importers.sandbox.history import demo_history, sandbox
from importers.sandbox.server import NOW
from pipeline.folder import make_folder, write_private
from pipeline.issues import Issue, Stop
from pipeline.run import importing, keys, syncing
from pipeline.run.importing import Notes, Progress
from pipeline.run.overview import check
from pipeline.run.project import DEMO, Choices, init
from pipeline.run.reporting import Written, report
from pipeline.settings import Access, Environment, Passphrase, load

COUNTRY = "us"
ACCOUNT = "kraken"
WALLET_FILE = "demo-wallet.csv"
MARK = b"This folder was made by `taxsync demo`: all of it is made up. Keep your own data in another folder.\n"


class Shown(Struct, frozen=True):
    """What the demo ends with: the year's report, the open problems, and what to do next."""

    written: Written
    issues: list[Issue]
    closing: list[str]


def demo(folder: Path, say: Callable[[str], None], complain: Callable[[str], None], progress: Progress) -> Shown:
    """Makes, or brings up to date, a demo folder. Raises Stop for a folder that holds anything else."""
    if not (folder / DEMO).exists() and folder.is_dir() and any(p.name[0] != "." for p in folder.iterdir()):
        raise Stop(f"{folder} holds data of its own: give the demo another folder, `taxsync demo --data DIR`")
    history = demo_history()
    notes = Notes(complain, progress)
    make_folder(folder)
    write_private(folder / DEMO, MARK)  # first of all, so that a demo that is stopped can be run again
    init(folder, Choices(country=COUNTRY))
    write_private(folder / WALLET_FILE, history.wallet_csv.encode())
    say(f"A sandbox exchange that speaks Kraken's protocol runs on this machine; its data goes to {folder}.")
    with sandbox(history) as exchange:
        access = Access(Environment("file", Passphrase("demo"), exchange.proxy_url))
        if ACCOUNT not in load(folder).accounts:
            say("$ taxsync keys add kraken")
            credentials = f'{{"apiKey": "{history.key}", "secret": "{history.secret}"}}'
            for line in keys.add(
                folder, "kraken", ACCOUNT, credentials, NOW, access, complain,
                trade=False, unverified=False, in_demo=True,
            ):  # fmt: skip
                say(line)
        say(f"$ taxsync import {folder / WALLET_FILE}")
        _tell(importing.files(folder, [folder / WALLET_FILE], "", notes, in_demo=True), say)
        say("$ taxsync import")
        _tell(syncing.sync(folder, NOW, notes, access, in_demo=True), say)
    say("$ taxsync report")
    written = report(folder, NOW)
    page, workbook = (next(file for file in written.files if file.suffix == kind) for kind in (".html", ".xlsx"))
    closing = [
        f"See the year at a glance: {page}",
        f"Open the workbook: {workbook}",
        f"Look around: taxsync status --data {folder}",
        "With your own data: taxsync init --country us --data mine, then taxsync keys add kraken --data mine",
    ]
    return Shown(written, check(folder), closing)


def _tell(outcome: importing.Outcome, say: Callable[[str], None]) -> None:
    for line in outcome.lines:
        say(line)
    if outcome.failures:
        raise Stop("\n".join(outcome.failures))
