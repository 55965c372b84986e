"""What explain shows: a tree of at most 80 columns for people, one JSON document for programs."""

import json
import textwrap
from collections.abc import Iterator
from typing import Any

from pipeline import console
from pipeline.money import plain
from pipeline.run.explain import Explained
from pipeline.run.reasons import Step, Sum

WIDTH = 80
_DEEPEST = 12  # levels that are indented; what lies below stands under them


def explained(one: Explained) -> list[str]:
    """The tree, what rests on what indented below it."""
    period = one.period
    head = f"Tax year {period.name}, {period.first} to {period.last}; values in {one.currency}"
    begin = [f"Lots: {one.opening}"] if one.opening else []
    return [head, *begin, "", *_lines(one.root, 0)]


def _lines(step: Step, depth: int) -> Iterator[str]:
    margin = "  " * min(depth, _DEEPEST)
    yield from _wrapped(step.what, margin, f"{margin}  ")
    for name, text in step.facts:
        yield from _wrapped(f"{name}: {text}", f"{margin}    ", f"{margin}      ")
    for each in step.sums:
        yield from _wrapped(str(each), f"{margin}    ", f"{margin}      ")
    for below in step.because:
        yield from _lines(below, depth + 1)


def _wrapped(text: str, first: str, more: str) -> list[str]:
    return textwrap.wrap(
        console.clean(text), WIDTH, initial_indent=first, subsequent_indent=more, break_on_hyphens=False
    )  # fmt: skip


# ---- JSON -------------------------------------------------------------------------------------


def explained_json(one: Explained) -> list[str]:
    document = {
        "year": one.period.name,
        "first": str(one.period.first),
        "last": str(one.period.last),
        "currency": one.currency,
        "lots": one.opening or None,
        "explained": _step(one.root),
    }
    return [json.dumps(document, ensure_ascii=True, indent=2)]


def _step(step: Step) -> dict[str, Any]:
    return {
        "what": step.what,
        "id": step.id or None,
        "facts": [{"name": name, "text": text} for name, text in step.facts],
        "arithmetic": [_sum(each) for each in step.sums],
        "because": [_step(below) for below in step.because],
    }


def _sum(each: Sum) -> dict[str, Any]:
    return {
        "figure": each.what,
        "value": plain(each.value),
        "terms": [
            {
                "words": term.words,
                "value": plain(term.value),
                "share": None if term.share is None else [plain(units) for units in term.share],
                "times": None if term.times is None else plain(term.times),
                "subtracted": term.less,
            }
            for term in each.terms
        ],
    }
