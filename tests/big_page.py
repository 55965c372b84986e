"""How large the page of a big year is, and how soon it is seen: run by hand, never by the tests. Needs Chromium.

    python tests/big_page.py [DISPOSALS]        # default: 100000

Makes a universal file of so many disposals in one year (two accounts, eight assets), runs the program as a person
would, opens the page, and searches it down to a record.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.benchmark import ASSETS, HEADER
from tests.browser import Browser

PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]"


def history(path: Path, disposals: int) -> None:
    """Three years of purchases, then one of sales and of more purchases."""
    chance = random.Random(1)
    held = {(account, asset): 0 for account in ("Kraken", "Coinbase") for asset in ASSETS}
    early, rows = disposals // 6, int(disposals * 1.02)
    times = [datetime(2022, 1, 1, tzinfo=UTC) + timedelta(days=3 * 365) * n / early for n in range(early)]
    times += [datetime(2025, 1, 1, 6, tzinfo=UTC) + timedelta(days=364) * n / rows for n in range(rows)]
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for number, at in enumerate(times):
            account, asset = place = chance.choice(list(held))
            first = number < early
            units = chance.randint(10**8, 5 * 10**9) if first else chance.randint(1, 5 * 10**8)
            sells = not first and held[place] >= units and chance.random() < 0.9
            held[place] += -units if sells else units
            crypto = f"{units // 10**8}.{units % 10**8:08d},{asset}"
            dollars = f"{chance.randint(100, 5000)}.{number % 100:02d},USD"
            sides = (crypto, dollars) if sells else (dollars, crypto)
            file.write(f"{at:%Y-%m-%dT%H:%M:%SZ},{account},{','.join(sides)},0.{number % 90 + 10},USD,{number}\n")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("disposals", type=int, nargs="?", default=100_000)
    disposals = arguments.parse_args().disposals
    with tempfile.TemporaryDirectory(prefix="taxsync-page-") as folder:
        measured(Path(folder), disposals)


def measured(folder: Path, disposals: int) -> None:
    history(folder / "big.csv", disposals)
    environment = os.environ | {"TAXSYNC_DATA": str(folder / "data"), "PYTHONPATH": str(Path(__file__).parent.parent)}
    for step in ("init --country us", "import big.csv", "report --year 2025"):
        subprocess.run(
            [sys.executable, "-m", "pipeline.cli", *step.split()], cwd=folder, env=environment, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
    page = folder / "data" / "reports" / "2025" / "report.html"
    with (page.parent / "disposals.csv").open(encoding="utf-8") as file:
        print(f"{sum(1 for _ in file) - 1:,} disposals, {page.stat().st_size:,} bytes")
    with Browser() as browser:
        for _ in range(3):
            one = browser.open(page)
            one.wait(PAINTED)
            print(f"first paint after {one.run(f'{PAINTED}.startTime'):.0f} ms")
        begin = time.perf_counter()
        one.click("#query")
        one.type("II.3")
        one.wait("document.querySelector('.found button')")
        print(f"first search {time.perf_counter() - begin:.1f} s")
        one.click(".found button")
        one.wait("document.querySelector('#trail pre')")
        print(one.text("#trail pre"))


if __name__ == "__main__":
    main()
