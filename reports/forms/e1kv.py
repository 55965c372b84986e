"""E1kv (Austria): income from cryptocurrencies at 27.5 %, without tax withheld.

Gains and losses of single sales are added up apart, losses without a sign. Coins bought up to 28 February 2021 don't
belong here: what they brought within a year goes to form E1 (number 801, by a guide), later it is free. Whether an
account is with a provider in Austria is not known: figures stand under the numbers for foreign providers (172, 174,
176), those for domestic ones are named beside. Euros and cents, half a cent up. Numbers 171 to 176: told alike by four
public tools for the E1kv of 2025; the form itself could not be read. Before 2022 it has none for coins (the rules are
of 1 March 2022: § 124b Z 384).
"""

from pipeline.model import Disposal, Term
from pipeline.money import ZERO
from reports.forms import Form
from reports.forms.lines import TOTALS_BY, Line, cents, exactly, lines, not_yet, rounded
from reports.forms.taxed import income_of, left_out, sums, taxed_of
from reports.table import Report, Table

_FIRST_YEAR = 2022
_SOURCE = "E1kv, 2025, by other tools"
_OLD = (  # coins bought up to 28 February 2021, by term
    (
        Term.SHORT,
        "801",
        "not here but on E1: Einkünfte aus Spekulationsgeschäften, coins of before March 2021",
        "a guide",
    ),
    (Term.LONG, "", "free: coins of before March 2021, held for more than a year", "§ 31(1) EStG"),
)


@exactly
def table(report: Report) -> Table:
    """Current income, gains, losses."""
    sold, income = taxed_of(report), income_of(report)
    s = sums(d for d in sold if d.term is Term.NONE)
    found: list[Line] = []
    if income:
        found.append(rounded("172", "Laufende Einkünfte aus Kryptowährungen (inländisch: 171)", income, cents, _SOURCE))
    if s.gains or s.losses:
        name = "Überschüsse aus realisierten Wertsteigerungen von Kryptowährungen (inländisch: 173)"
        found.append(rounded("174", name, s.gains, cents, _SOURCE))
        name = "Verluste aus realisierten Wertsteigerungen von Kryptowährungen (inländisch: 175)"
        found.append(rounded("176", name, max(-s.losses, ZERO), cents, _SOURCE))
    for term, number, name, source in _OLD:
        old = sums(d for d in sold if d.term is term)
        if old.proceeds or old.cost:
            found.append(rounded(number, name, old.gain, cents, source))
    return lines("e1kv", found)


def line(d: Disposal, _report: Report) -> str:
    """Gains and losses apart; coins of before March 2021 by their term."""
    return {Term.SHORT: "not here", Term.LONG: "free"}.get(d.term, "Verluste" if (d.gain or ZERO) < ZERO else "Übersch")


def notes(report: Report) -> list[str]:
    """What the person has to look at."""
    if not taxed_of(report) and not income_of(report):
        return left_out(report)
    return [
        "All accounts are taken to be with providers abroad that withhold no tax: what a domestic one has told goes to "
        "171, 173 and 175.",
        *not_yet(report, "E1kv with numbers for coins", _FIRST_YEAR, "What was sold before belongs on form E1."),
        *left_out(report),
    ]


FORM = Form(
    "e1kv.csv",
    "E1kv",
    table,
    totals_by=TOTALS_BY,
    notes=notes,
    source="E1kv, 2025; numbers told by other tools",
    adds=(("Laufende", "income"), ("", "disposals")),
    line=line,
)
