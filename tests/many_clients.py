"""Client folders by the thousand: for tests, and run by hand to see how long `taxsync clients` takes.

    python tests/many_clients.py [COUNT] [--keep DIR]       # default: 2000

Makes three clients as a person would (sound, with an open problem, not reported yet) and copies them, each under a
name of its own; then looks at all of them twice and prints seconds.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HEADER = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,ID\n"
BUY = "2024-01-05T12:00:00Z,Kraken,1000,USD,1,BTC,buy\n"
SELL = "2025-02-05T12:00:00Z,Kraken,{},BTC,900,USD,sell\n"
KINDS = {  # records; whether the year is reported
    "sound": (BUY + SELL.format("0.5"), True),
    "short": (BUY + SELL.format("1.5"), True),
    "new": (BUY + SELL.format("0.5"), False),
}


def make(folder: Path, run: Callable[..., object], year: str = "2025") -> None:
    """One client of each kind."""
    for name, (rows, reported) in KINDS.items():
        data = str(folder / name)
        file = folder / f"{name}.csv"
        run("init", "--country", "us", "--data", data)
        file.write_text(HEADER + rows, encoding="utf-8")
        run("import", str(file), "--data", data)
        if reported:
            run("report", "--year", year, "--no-xlsx", "--data", data)
        file.unlink()


def copies(folder: Path, count: int) -> None:
    """Those clients again under other names, `count` in all."""
    for number in range(count - len(KINDS)):
        kind = list(KINDS)[number % len(KINDS)]
        target = folder / f"client-{number:05}"
        target.mkdir()
        for name in ("taxsync.toml", "ledger.db", ".standing.json"):
            if (folder / kind / name).exists():
                shutil.copyfile(folder / kind / name, target / name)


class Run:
    """The program, as a shell runs it."""

    def __call__(self, *arguments: str) -> None:
        root = str(Path(__file__).parent.parent)
        subprocess.run(
            [sys.executable, "-m", "pipeline.cli", *arguments], check=False, stdout=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": root},
        )  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("count", type=int, nargs="?", default=2000)
    arguments.add_argument("--keep", type=Path, help="use this folder, and leave it there")
    given = arguments.parse_args()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="taxsync-clients-"))
    folder.mkdir(exist_ok=True)
    run = Run()
    make(folder, run)
    copies(folder, given.count)
    for what in ("first look", "second look"):
        begin = time.perf_counter()
        run("clients", str(folder), "--json")
        print(f"{what} at {given.count} folders: {time.perf_counter() - begin:.1f} s")
    if given.keep is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
