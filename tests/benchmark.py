"""How long a big history takes, and how much memory: run by hand, never by the tests.

    python tests/benchmark.py [ROWS] [--keep DIR]        # default: 100000

Makes a universal file of ROWS trades over four years (two accounts, eight assets), then runs the
program as a person would and prints seconds and megabytes of each step.
"""

import argparse
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

HEADER = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,Fee Currency,ID\n"
ASSETS = "BTC ETH SOL ADA DOT LTC XRP AVAX".split()
STEPS = {
    "import": ["import", "big.csv"],
    "report without workbook": ["report", "--year", "2025", "--no-xlsx"],
    "report": ["report", "--year", "2025"],
    "check": ["check"],
}


def history(path: Path, rows: int) -> None:
    """Buys and sells; what is sold was bought before, in its account."""
    chance = random.Random(1)
    held = {(account, asset): 0 for account in ("Kraken", "Coinbase") for asset in ASSETS}
    at, step = datetime(2022, 1, 1, tzinfo=UTC), timedelta(days=4 * 365) / rows
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for number in range(rows):
            at += step
            account, asset = place = chance.choice(list(held))
            units, dollars = chance.randint(1, 10**9), f"{chance.randint(100, 5000)}.{number % 100:02d},USD"
            crypto = f"{units // 10**8}.{units % 10**8:08d},{asset}"
            buys = held[place] < 2 * units or chance.random() < 0.5
            held[place] += units if buys else -units
            sides = (dollars, crypto) if buys else (crypto, dollars)
            file.write(f"{at:%Y-%m-%dT%H:%M:%SZ},{account},{','.join(sides)},0.{number % 90 + 10},USD,{number}\n")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("rows", type=int, nargs="?", default=100_000)
    arguments.add_argument("--keep", type=Path, help="use this folder, and leave it there")
    given = arguments.parse_args()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="taxsync-benchmark-"))
    folder.mkdir(exist_ok=True)
    environment = os.environ | {"TAXSYNC_DATA": str(folder / "data"), "PYTHONPATH": str(Path(__file__).parent.parent)}
    history(folder / "big.csv", given.rows)
    subprocess.run([sys.executable, "-m", "pipeline.cli", "init", "--country", "us"], cwd=folder, env=environment)
    for name, step in STEPS.items():
        begin = time.perf_counter()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.cli", *step], cwd=folder, env=environment, stdout=subprocess.DEVNULL
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds, busy = time.perf_counter() - begin, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        # the peak of all children so far: the steps come in an order in which it grows
        print(
            f"{name:<24} {seconds:6.1f} s  {busy:6.1f} s busy  {after.ru_maxrss // 1024:5d} MB  exit {done.returncode}"
        )
    if not given.keep:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
