"""A year's folder on a real disk: whole, private, repeatable, and never half of it."""

import csv
import hashlib
import os
import shutil
import stat
import subprocess
import sys
from decimal import Decimal as D
from pathlib import Path

import pytest
from msgspec.structs import replace

from pipeline.lock import locked
from pipeline.model import RawRecord
from reports import write
from reports.table import ReportError
from reports.write import MANY, restore, write_year
from tests.reports.example import full, report

FORMS = {
    "form_8949.csv",
    "form_8949.txf",
    "form_8949_turbotax.csv",
    "schedule_d.csv",
    "schedule_1.csv",
    "form_1099_da.csv",
}
BOOK = {"taxsync-2025.xlsx", "report.html"}  # for a person's eyes
FILES = FORMS | {
    "disposals.csv",
    "income.csv",
    "derivatives.csv",
    "holdings.csv",
    "summary.csv",
    "transactions.csv",
    "prices.csv",
    "issues.csv",
    *BOOK,
}
LOCK = {".2025.lock"}  # empty, and stays


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file, strict=True))


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def test_all_files_of_the_year(tmp_path: Path) -> None:
    paths = write_year(tmp_path / "reports" / "2025", full(), xlsx=True)
    assert {p.name for p in paths} == FILES == names(tmp_path / "reports" / "2025")
    assert all(p.is_file() for p in paths)
    assert names(tmp_path / "reports") - LOCK == {"2025"}


def test_without_a_workbook_neither_openpyxl_nor_pandas_is_loaded(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.reports.example import full; "
        "from reports.write import write_year; "
        "paths = write_year(Path(sys.argv[1]), full(), xlsx=False); "
        "print(len(paths), {'openpyxl', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "2025")], capture_output=True, text=True, cwd=Path.cwd()
    )
    assert done.stdout.strip() == f"{len(FILES) - len(BOOK)} set()", done.stderr


def test_same_inputs_same_bytes(tmp_path: Path) -> None:
    write_year(tmp_path / "a" / "2025", full(), xlsx=True)
    write_year(tmp_path / "b" / "2025", full(), xlsx=True)
    first = digests(tmp_path / "a" / "2025")
    assert first == digests(tmp_path / "b" / "2025")
    write_year(tmp_path / "a" / "2025", full(), xlsx=True)
    assert first == digests(tmp_path / "a" / "2025")


def test_csv_read_back_adds_up_to_the_summary(tmp_path: Path) -> None:
    write_year(tmp_path / "2025", full(), xlsx=False)
    figures = {(r["section"], r["item"]): r["value"] for r in rows(tmp_path / "2025" / "summary.csv")}
    taxed = [r for r in rows(tmp_path / "2025" / "disposals.csv") if r["kind"] != "gift"]
    for column in ("proceeds", "cost_basis", "gain"):
        assert sum(D(r[column] or 0) for r in taxed) == D(figures["capital_gains", column])
    received = rows(tmp_path / "2025" / "income.csv")
    assert sum(D(r["value"] or 0) for r in received) == D(figures["income", "total"])
    assert figures["year", "first_day"] == "2025-01-01"


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        paths = write_year(tmp_path / "reports" / "2025", full(), xlsx=True)
    finally:
        os.umask(before)
    assert {stat.S_IMODE(p.stat().st_mode) for p in paths} == {0o600}
    folders = (tmp_path / "reports", tmp_path / "reports" / "2025")
    assert {stat.S_IMODE(p.stat().st_mode) for p in folders} == {0o700}


def test_what_is_no_longer_written_goes_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    year = tmp_path / "2025"
    write_year(year, full(), xlsx=True)
    (year / "notes.txt").write_text("ask about the gift")
    (year / "receipts").mkdir()
    (year / "receipts" / "1.pdf").write_text("x")
    write_year(year, report(country="generic"), xlsx=False)
    assert names(year) == FILES - FORMS - BOOK | {"notes.txt", "receipts"}
    assert (year / "notes.txt").read_text() == "ask about the gift"
    assert (year / "receipts" / "1.pdf").exists()
    assert names(tmp_path) - LOCK == {"2025"}


# Child after child dies hard before its n-th rename or removal.
KILLED = """
import os, sys
from pathlib import Path
from tests.reports.example import report
from reports.write import write_year
ended = []
for step in range(1, 13):
    child = os.fork()
    if child == 0:
        left = step
        def watch(event, args):
            global left
            if event in ("os.rename", "os.remove", "os.rmdir"):
                left -= 1
                if left == 0:
                    os._exit(9)
        sys.addaudithook(watch)
        write_year(Path(sys.argv[1], str(step), "2025"), report(), xlsx=False)
        os._exit(0)
    ended.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(ended)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork of POSIX systems")
def test_killed_at_any_step_the_folder_is_whole(tmp_path: Path) -> None:
    """The next run puts things right."""
    first = tmp_path / "1" / "2025"
    write_year(first, full(), xlsx=False)
    (first / "notes.txt").write_text("mine")
    for step in range(2, 13):
        shutil.copytree(first.parent, tmp_path / str(step))
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path], cwd=Path.cwd(), capture_output=True, text=True)
    assert (done.stderr, done.stdout) == ("", f"{[9] * 12}\n")
    for step in range(1, 13):
        year = tmp_path / str(step) / "2025"
        if year.exists():
            assert names(year) - {"notes.txt"} == FILES - BOOK, step
        write_year(year, full(), xlsx=False)
        assert names(year.parent) - LOCK == {"2025"}, step
        assert names(year) == FILES - BOOK | {"notes.txt"}, step
        assert (year / "notes.txt").read_text() == "mine", step


def dense() -> list[RawRecord]:
    """A record that is no smaller in an archive: the archive is then the largest file."""
    noise = "".join(hashlib.sha256(str(n).encode()).hexdigest() for n in range(20_000))
    return [RawRecord("universal", "Kraken", "rows", "1", 1, f'"{noise}"')]


@pytest.mark.skipif(sys.platform != "linux", reason="a file size limit")
@pytest.mark.parametrize("place", ["a CSV file", "the workbook's end", "the archive"])
def test_a_disk_that_fills_up_leaves_the_old_folder_whole_and_says_so_in_one_line(place: str, tmp_path: Path) -> None:
    year = tmp_path / "2025"
    write_year(year, full(), xlsx=True, records=dense())
    before, book, archive = digests(year), *((year / f"taxsync-2025.{end}").stat().st_size for end in ("xlsx", "zip"))
    assert book < (year / "report.html").stat().st_size < archive
    limit = {"a CSV file": 800, "the workbook's end": book - 1, "the archive": archive - 1}[place]
    script = f"""
import resource, signal, sys
from pathlib import Path
from tests.reports.example import full
from tests.reports.test_write import dense
from reports.table import ReportError
from reports.write import write_year
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sys.dont_write_bytecode = True  # what is imported from here on would be cut
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    write_year(Path(sys.argv[1]), full(), xlsx=True, records=dense())
except ReportError as exc:
    print(exc)
"""
    done = subprocess.run([sys.executable, "-c", script, str(year)], capture_output=True, text=True)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1 and "could not be written" in done.stdout, done.stdout
    assert digests(year) == before
    assert names(tmp_path) - LOCK == {"2025"}


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "summary.csv").write_text("not ours")
    (tmp_path / "2025").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ReportError, match="is not a folder"):
        write_year(tmp_path / "2025", full(), xlsx=False)
    assert (tmp_path / "elsewhere" / "summary.csv").read_text() == "not ours"


def test_two_foreign_files_of_one_name_are_both_kept(tmp_path: Path) -> None:
    year = tmp_path / "2025"
    for folder in (year, write._aside(year)):
        folder.mkdir()
        (folder / "notes.txt").write_text(folder.name)
    write_year(year, full(), xlsx=False)
    assert {p.read_text() for p in year.glob("notes*")} == {"2025", ".2025.old"}


ANOTHER = """
import sys
from pathlib import Path
from tests.reports.example import full
from reports.write import write_year
print("ready", flush=True)
sys.stdin.readline()
for _ in range(5):
    write_year(Path(sys.argv[1]), full(), xlsx=False)
"""


def test_reports_of_one_year_at_once_are_written_one_after_the_other(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ANOTHER, str(tmp_path / "2025")]
    pipe = subprocess.PIPE
    both = [subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(3)]
    for process in both:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=120) for process in both] == [("", "")] * 3
    assert names(tmp_path) - LOCK == {"2025"}
    assert names(tmp_path / "2025") == FILES - BOOK


def test_a_report_that_waited_in_vain_says_for_whom(tmp_path: Path) -> None:
    lines: list[str] = []
    with (
        locked(tmp_path / ".2025.lock", "taxsync report --year 2025", None, 0),
        pytest.raises(ReportError, match=r"^`taxsync report --year 2025` \(process .*\) is writing .*2025: run again"),
    ):
        write_year(tmp_path / "2025", full(), xlsx=False, waiting=lines.append, patience=0.05)
    assert len(lines) == 1 and lines[0].endswith("2025: waiting for it to end")
    write_year(tmp_path / "2025", full(), xlsx=False, waiting=lines.append)
    assert len(lines) == 1 and names(tmp_path / "2025")


def test_a_year_that_a_killed_run_had_set_aside_is_put_back_and_one_at_work_left_alone(tmp_path: Path) -> None:
    for year in ("2023", "2024"):
        write_year(tmp_path / year, full(), xlsx=False)
        (tmp_path / year).rename(tmp_path / f".{year}.old")
    with locked(tmp_path / ".2024.lock", "taxsync report --year 2024", None, 0):
        restore(tmp_path)
        assert names(tmp_path) >= {"2023", ".2024.old"} and not (tmp_path / "2024").exists()
    write_year(tmp_path / "2025", full(), xlsx=False)  # of whatever year
    assert {name for name in names(tmp_path) if "lock" not in name} == {"2023", "2024", "2025"}
    assert names(tmp_path / "2024") == FILES - BOOK


@pytest.mark.parametrize("xlsx", [True, False])
def test_two_processes_write_the_files_that_one_writes(tmp_path: Path, xlsx: bool) -> None:
    small, big = full(), replace(full(), origins=[("", None, "", "", None, "", None, "")] * MANY)
    listed = {}
    for name, one in (("small", small), ("big", big)):
        paths = write_year(tmp_path / name / "2025", one, xlsx=xlsx and name == "big")
        listed[name] = [p.name for p in paths if p.name not in BOOK]
        assert {p.name for p in paths} == names(tmp_path / name / "2025")
    assert listed["small"] == listed["big"]
    here, there = digests(tmp_path / "small" / "2025"), digests(tmp_path / "big" / "2025")
    assert {name for name in there if there[name] != here.get(name)} == {"prices.csv", *(BOOK if xlsx else ())}


@pytest.mark.parametrize("origins", [1, MANY])
def test_progress_ends_where_all_is_done_not_halfway(tmp_path: Path, origins: int) -> None:
    """The workbook is what is told of: the other files come meanwhile."""
    told: list[tuple[int, int | None]] = []
    one = replace(full(), origins=[("", None, "", "", None, "", None, "")] * origins)
    write_year(tmp_path / "2025", one, xlsx=True, progress=lambda _, done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]
    assert told[-1][0] >= origins
