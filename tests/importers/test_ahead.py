"""A file that another process reads: the same as one that is read here."""

import multiprocessing
from contextlib import closing
from pathlib import Path

import pytest

from importers.ahead import read
from importers.base import Refused
from importers.read import read as read_here
from importers.rows import PAGE

HEADER = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Label,ID\n"


def file(tmp_path: Path, *more: str) -> Path:
    """Three pages of trades, some without an ID, an account or a time."""
    rows = [f"2025-01-{n % 28 + 1:02d}T00:00:{n % 60:02d}Z,Kraken,{n}.50,EUR,1,BTC,,{n}" for n in range(1, 2 * PAGE)]
    path = tmp_path / "big.csv"
    path.write_text(HEADER + "\n".join([*rows, "2025-03-01,,,,2,XRB,reward,", "2025-03-02,,,,3,UST,,", *more]) + "\n")
    return path


def test_another_process_reads_the_same_records(tmp_path: Path) -> None:
    path = file(tmp_path)
    here, there = read_here(path, "Mine"), read(path, "Mine", big=1)
    assert list(there.pages) == list(here.pages)
    assert (there.bare_dates(), there.digest, there.name) == (2, here.digest, here.name)
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("header", ["Date,Asset,Currency,Price", "Transaction ID,Label", HEADER.strip()])
def test_a_big_file_of_any_kind_may_have_no_rows(header: str, tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    path.write_text(f"{header}\n")
    assert list(read(path, big=1).pages) == []


def test_a_row_that_cannot_be_taken_is_refused_in_the_same_words(tmp_path: Path) -> None:
    path = file(tmp_path, "2025-13-01,Kraken,1,EUR,1,BTC,,", "2025-03-01,Kraken,1,EUR,-1,BTC,,")
    said = []
    for reading in (read_here(path), read(path, big=1)):
        with pytest.raises(Refused) as refused:
            list(reading.pages)
        said.append(str(refused.value))
    assert said[0] == said[1] and "row 4003" in said[0]


def test_a_file_that_is_given_up_leaves_no_process(tmp_path: Path) -> None:
    reading = read(file(tmp_path), big=1)
    assert len(next(reading.pages).records) == PAGE
    del reading
    assert not multiprocessing.active_children()


def test_a_file_whose_pages_can_not_be_kept_is_closed_and_leaves_no_process(tmp_path: Path) -> None:
    for reading in (read(file(tmp_path), big=1), read_here(file(tmp_path))):
        with pytest.raises(ZeroDivisionError) as kept, closing(reading):
            for page in reading.pages:
                assert len(page.records) / 0
        assert kept.traceback and not multiprocessing.active_children()  # the error still holds the loop
        with pytest.raises(StopIteration):
            next(reading.pages)


def test_a_file_that_changes_after_it_was_recognised_is_refused(tmp_path: Path) -> None:
    path = file(tmp_path)
    reading = read(path, big=1)
    path.write_text(path.read_text() + "2025-03-03,,,,4,BTC,,\n")
    with pytest.raises(Refused, match=r"^big\.csv: was changed while it was read"):
        list(reading.pages)


def test_a_reader_that_is_killed_is_told_in_one_line(tmp_path: Path) -> None:
    reading = read(file(tmp_path), big=1)
    next(reading.pages)
    (process,) = multiprocessing.active_children()
    process.kill()
    with pytest.raises(Refused, match="was ended from outside; import it again"):
        list(reading.pages)
