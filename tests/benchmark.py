"""How long a big history takes, and how much memory, beside the least that it could: run by hand, never by the tests.

    python tests/benchmark.py [ROWS] [--keep DIR] [--peers BIN]        # default: 100000

Makes a universal file of ROWS trades over four years (two accounts, eight assets), then runs the program as a person
would, whole processes, and prints seconds and megabytes of each step; of what `floor.py` does also, too, the ratio.
Then how many requests the first import from an exchange makes, beside the least that it could.
`--peers`: the folder with the commands of RP2 and BittyTax, which then report the same history (`peers.py`), and ours
beside each.
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
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.peers import PEERS

HEADER = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,Fee Currency,ID\n"
LOTS = "Date,Account,Asset,Quantity,Cost,Cost Currency,Evidence\n2021-05-01,Kraken,XMR,1,300,USD,a receipt\n"
ASSETS = "BTC ETH SOL ADA DOT LTC XRP AVAX".split()
TAXSYNC = [sys.executable, "-m", "pipeline.cli"]
REQUESTS = [sys.executable, "-m", "pytest", "-n0", "-s", "-qq", "--no-summary", "-m", "requests"]
FLOOR = [sys.executable, str(Path(__file__).with_name("floor.py")), "big.csv"]


@dataclass
class Taken:
    """What processes took: seconds from the first's begin to the last's end, those of the processors, megabytes."""

    seconds: float = 0
    busy: float = 0
    megabytes: int = 0
    failed: bool = False


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


def taken(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Taken:
    """What one process took; a process of its own finds the peak of its memory."""
    watched = [sys.executable, __file__, "--watch", *command]
    done = subprocess.run(watched, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    seconds, busy, kilobytes, code = done.stderr.decode().splitlines()[-1].split()
    return Taken(float(seconds), float(busy), int(kilobytes) // 1024, code not in ("0", "1"))


def together(parts: Sequence[Taken]) -> Taken:
    """One after the other."""
    return Taken(
        sum(one.seconds for one in parts),
        sum(one.busy for one in parts),
        max(one.megabytes for one in parts),
        any(one.failed for one in parts),
    )


def watch(command: Sequence[str]) -> None:
    """Runs one command, and says on standard error what it took."""
    begin = time.perf_counter()
    code = subprocess.run(command, stderr=subprocess.DEVNULL).returncode
    seconds, used = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{seconds:.3f} {used.ru_utime + used.ru_stime:.3f} {used.ru_maxrss} {code}", file=sys.stderr)


def told(name: str, one: Taken, least: Taken | None = None) -> Taken:
    ratio = f"{one.seconds / least.seconds:5.2f} x" if least else " " * 7
    failed = "  failed" if one.failed else ""
    print(
        f"{name:<42} {one.seconds:7.1f} s  {ratio}  {one.busy:7.1f} s busy  {one.megabytes:5d} MB{failed}", flush=True
    )
    return one


def main() -> None:
    if sys.argv[1:2] == ["--watch"]:
        watch(sys.argv[2:])
        return
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("rows", type=int, nargs="?", default=100_000)
    arguments.add_argument("--keep", type=Path, help="use this folder, and leave it there")
    arguments.add_argument("--peers", type=Path, help="the folder with rp2_us and bittytax")
    given = arguments.parse_args()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="taxsync-benchmark-"))
    folder.mkdir(exist_ok=True)
    home = {"HOME": str(folder), "TAXSYNC_DATA": str(folder / "data"), "PYTHONPATH": str(Path(__file__).parent.parent)}
    environment = os.environ | home
    history(folder / "big.csv", given.rows)

    def run(name: str, command: Sequence[str], least: Taken | None = None) -> Taken:
        return told(name, taken(command, folder, environment), least)

    def person(name: str, report: Sequence[str], least: Taken) -> list[Taken]:
        """From nothing to a year's files."""
        shutil.rmtree(folder / "data", ignore_errors=True)
        parts = [run(command[3], command) for command in (init, read, report)]
        told(name, together(parts), least)
        return parts

    init, read = [*TAXSYNC, "init", "--country", "us"], [*TAXSYNC, "import", "big.csv"]
    report = [*TAXSYNC, "report", "--year", "2025"]
    plain = run("floor without workbook", [*FLOOR, "floor-csv", "--no-xlsx"])
    whole = run("floor", [*FLOOR, "floor"])
    person("init, import, report without workbook", [*report, "--no-xlsx"], plain)
    parts = person("init, import, report", report, whole)
    ours, (_, first, _) = together(parts), parts
    run("report, once more", report)
    run("import of the same file once more", read, first)
    fifo = run("report without workbook, once more", [*report, "--no-xlsx"])
    run("the same by hifo, beside it", [*report, "--no-xlsx", "--method", "hifo"], fifo)
    (folder / "lots.csv").write_text(LOTS, encoding="utf-8")
    run("one answer more", [*TAXSYNC, "import", "lots.csv"])
    run("the same with that answer, beside it", [*report, "--no-xlsx"], fifo)
    run("check", [*TAXSYNC, "check"])
    run("status", [*TAXSYNC, "status"])
    run("--help", [*TAXSYNC, "--help"])
    subprocess.run(REQUESTS, cwd=Path(__file__).parent.parent, check=False)
    for name, made in PEERS.items() if given.peers else ():
        program, *options = made(folder / "big.csv", folder)
        told(name, theirs := taken([str(given.peers.absolute() / program), *options], folder, environment), None)
        told(f"init, import, report beside {name}", ours, theirs)
    if not given.keep:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
