"""Exact numbers, and text that nothing evaluates."""

import csv
import io
import re
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.csv_file import cell, field, inert, write_csv
from reports.table import Column, Table, Type
from tests.reports.example import NEW_YORK, at


def written(*rows: tuple[object, ...], type: Type = Type.TEXT) -> str:
    out = io.StringIO(newline="")
    write_csv(out, Table("t", (Column("a", type), Column("b", Type.TEXT)), rows), NEW_YORK)  # type: ignore[arg-type]
    return out.getvalue()


def test_bytes_of_a_file() -> None:
    text = written(("x,y", 'say "hi"'), (None, "two\nlines"))
    assert text == '\ufeffa,b\r\n"x,y","say ""hi"""\r\n,"two\nlines"\r\n'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (D("1E+3"), "1000"),
        (D("1E-18"), "0.000000000000000001"),
        (D("-154.20"), "-154.2"),
        (D("-0.00"), "0"),
        (at("2025-03-01 19:05"), "2025-03-01T14:05:00-05:00"),
        (at("2025-07-01 19:05:00.25"), "2025-07-01T15:05:00.250000-04:00"),
        (at("2025-07-01").date(), "2025-07-01"),
        (7, "7"),
        (None, ""),
    ],
)
def test_values(value: D, text: str) -> None:
    assert cell(value, NEW_YORK) == text


def test_rounded_money_keeps_its_decimals() -> None:
    assert "\r\n12.50,\r\n-3.00,\r\n" in written((D("12.50"), None), (D("-3.00"), None), type=Type.CENTS)


@pytest.mark.parametrize("start", [*"=+-@\t\r\n＝＋－＠", " =", "\ufeff=", "\u200b="])
def test_what_begins_like_a_formula_gets_an_apostrophe(start: str) -> None:
    assert inert(f"{start}1+1").startswith("'")


@pytest.mark.parametrize("text", ["", "BTC", "a-b", "1-2", "x@y.z", "2025-01-01", "1E5", "it's", "ＢＴＣ", "🚀=1"])
def test_other_text_stays(text: str) -> None:
    assert inert(text) == text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a;=1+1", "a;'=1+1"),
        ('a;"=1+1', "a;'\"=1+1"),
        ("a; =1", "a;' =1"),
        ("a\n=1", "a\n'=1"),
        ("a\t@x", "a\t'@x"),
        ("a;b", "a;b"),
    ],
)
def test_separators_of_other_settings_are_broken_up(text: str, safe: str) -> None:
    assert inert(text) == safe


def test_what_no_file_should_hold_is_made_visible() -> None:
    assert inert("a\x00\x1b]0;x\x07\x85\ud800\ufffe") == r"a\x00\x1b]0;x\x07\x85\ud800\ufffe"


@settings(deadline=None)
@given(st.text(alphabet=st.characters() | st.sampled_from("aZ9 =-,;|\"\r\n~'"), max_size=8))
def test_a_field_is_the_text_that_nothing_evaluates_in_quotes_where_it_needs_them(text: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow([inert(text), ""])
    assert f"{field(text)},\r\n" == out.getvalue()


@given(st.text(alphabet=st.characters() | st.sampled_from("=+-@;\t\r\n\"', \ud800"), max_size=30))
def test_no_text_comes_alive_whatever_the_separator(text: str) -> None:
    file = written((text, text))
    file.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", file)
    [_, row] = csv.reader(io.StringIO(file, newline=""), strict=True)
    for separator in (",", ";", "\t"):
        for fields in csv.reader(io.StringIO(file[1:], newline=""), delimiter=separator):
            assert not [f for f in fields if re.match(r"[ \"]*[=+\-@]", f)], (separator, fields)
    assert row[0] == inert(text)
