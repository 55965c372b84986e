"""By what a year's figures were computed, in a person's words: said once, for the workbook, the pack and the screen."""

from reports.table import Report

_SCOPES = {"account": "per account", "global": "over all accounts"}


def kept(scope: str) -> str:
    """How lots are kept under a scope."""
    return _SCOPES.get(scope, scope)


def scope_of(report: Report) -> str:
    """How lots are kept."""
    return kept(report.scope)


def country_of(report: Report) -> str:
    """Its name, with a capital."""
    name = report.rules.name
    return name[:1].upper() + name[1:]


def basis_of(report: Report) -> list[tuple[str, str]]:
    """What was chosen, each with its name."""
    return [
        *([("Taxpayer", report.taxpayer)] if report.taxpayer else []),
        ("Country", country_of(report)),
        ("Tax year", f"{report.period.first.isoformat()} to {report.period.last.isoformat()}"),
        ("Currency", report.currency),
        ("Time zone", report.zone.key),
        ("Method", report.method),
        ("Lots are kept", scope_of(report)),
        *([("Opening position", report.opening)] if report.opening else []),
        *([("This year is", report.filed)] if report.filed else []),
    ]


def made_by(report: Report) -> list[tuple[str, str]]:
    """Which program made it, out of what."""
    return [("Program", f"taxsync {report.version}"), ("Digest of the inputs", report.inputs)]
