"""Who may import whom, as data; a new arrow, a circle, a hidden import or a float in the core fails here."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("pipeline", "importers", "reports")
STANDARD = "standard library"

# Room (longest prefix wins) -> the rooms it may import from, itself included where it has several files.
ROOMS: dict[str, tuple[str, ...]] = {
    "pipeline": (),  # __init__: the version
    "pipeline.money": (),
    "pipeline.stop": (),
    "pipeline.issues": ("pipeline.stop",),
    "pipeline.coins": (),
    "pipeline.fiat": (),
    "pipeline.local": (),
    "pipeline.words": (),
    "pipeline.model": ("pipeline.fiat", "pipeline.issues", "pipeline.money", "pipeline.words"),
    "pipeline.held": ("pipeline.model",),
    "pipeline.said": ("pipeline.model", "pipeline.money"),
    "pipeline.reported": ("pipeline.model", "pipeline.money"),
    "pipeline.glance": ("pipeline.model",),
    "pipeline.theirs": ("pipeline.model", "pipeline.money"),
    "pipeline.answers": ("pipeline.model", "pipeline.reported"),
    "pipeline.questions": (),
    "pipeline.rules": ("pipeline.rules", "pipeline.model", "pipeline.money"),
    "pipeline.gains": (
        "pipeline.gains", "pipeline.rules", "pipeline.answers", "pipeline.reported", "pipeline.model", "pipeline.coins",
        "pipeline.theirs", "pipeline.fiat", "pipeline.held", "pipeline.issues", "pipeline.local", "pipeline.money",
    ),
    "pipeline.folder": (),
    "pipeline.lock": ("pipeline.folder",),
    "pipeline.proxy": (),
    "pipeline.toml_text": (),
    "pipeline.settings": (
        "pipeline.folder", "pipeline.model", "pipeline.issues", "pipeline.proxy", "pipeline.toml_text",
    ),
    "pipeline.schema": (),
    "pipeline.migrations": ("pipeline.schema_chain",),
    "pipeline.sqlite": ("pipeline", "pipeline.migrations", "pipeline.model", "pipeline.said"),
    "pipeline.postgresql": (
        "pipeline", "pipeline.migrations", "pipeline.model", "pipeline.said", "pipeline.schema",
        "pipeline.ledger_errors", "pipeline.ledger_server",
    ),
    "pipeline.filing": (),
    "pipeline.ledger": (
        "pipeline.ledger", "pipeline.ledger_", "pipeline.filing", "pipeline.migrations", "pipeline.schema_",
        "pipeline.sqlite", "pipeline.postgresql", "pipeline.folder",
        "pipeline.lock",
        "pipeline", "pipeline.said", "pipeline.model", "pipeline.issues", "pipeline.money",
    ),
    "importers": (
        "importers", "pipeline.answers", "pipeline.reported", "pipeline.questions", "pipeline.said", "pipeline.folder",
        "pipeline.model", "pipeline.coins", "pipeline.issues", "pipeline.money", "pipeline.proxy", "pipeline.theirs",
        "pipeline.toml_text",
    ),
    "reports": (
        "reports", "pipeline.filing", "pipeline.questions", "pipeline.reported", "pipeline.lock", "pipeline.rules",
        "pipeline.glance", "pipeline.model", "pipeline.theirs", "pipeline.fiat",
        "pipeline.held", "pipeline.issues", "pipeline.local", "pipeline.money",
    ),
    "pipeline.run": (
        "pipeline", "pipeline.run", "pipeline.gains", "pipeline.rules", "pipeline.ledger", "pipeline.ledger_filing",
        "pipeline.ledger_past", "pipeline.ledger_salvage", "pipeline.filing", "pipeline.settings",
        "pipeline.ledger_place", "pipeline.ledger_on_sqlite", "pipeline.ledger_on_postgresql", "pipeline.ledger_mark",
        "pipeline.ledger_server",
        "pipeline.ledger_access", "pipeline.ledger_seen", "pipeline.theirs",
        "pipeline.folder", "pipeline.answers", "pipeline.reported", "pipeline.questions", "pipeline.model",
        "pipeline.glance", "pipeline.issues", "pipeline.fiat", "pipeline.local", "pipeline.money",
        "importers", "reports",
    ),
    "pipeline.console": ("pipeline.stop",),
    "pipeline.bytecode": (),
    "pipeline.process": (),
    "pipeline.start": ("pipeline.bytecode", "pipeline.cli"),
    "pipeline.views": (
        "pipeline", "pipeline.console", "pipeline.run", "pipeline.issues", "pipeline.money", "pipeline.theirs",
        "pipeline.views_", "pipeline.fiat", "reports",
    ),
    "pipeline.cli": (  # and cli_keys, cli_options
        "pipeline", "pipeline.cli_", "pipeline.console", "pipeline.views", "pipeline.views_", "pipeline.run",
        "pipeline.rules", "pipeline.bytecode", "pipeline.process",
        "pipeline.settings", "pipeline.issues", "pipeline.stop",
    ),
}  # fmt: skip

RECORDS = "msgspec"  # what the types between the stages are made of: any room has some

# Third party -> the only rooms that may import it.
LIBRARIES: dict[str, tuple[str, ...]] = {
    "ccxt": ("importers",),
    "requests": ("importers",),
    "urllib3": ("importers",),
    "tenacity": ("importers",),
    "keyring": ("importers",),
    "cryptography": ("importers",),
    "currency_converter": ("importers",),
    "defusedxml": ("importers",),
    "sqlmodel": ("pipeline.schema",),
    "sqlalchemy": ("pipeline.ledger", "pipeline.postgresql", "pipeline.schema"),
    "psycopg": ("pipeline.ledger", "pipeline.postgresql"),
    "filelock": ("pipeline.lock",),
    "tomli_w": ("pipeline.settings",),
    "openpyxl": ("reports", "importers"),
    "pandas": ("reports",),
    "lxml": ("reports",),
    "typer": ("pipeline.cli",),
    "rich": ("pipeline.console",),
}

# Opened nowhere but at the edges: the core reads no clock, file, socket or environment.
EDGES = ("os", "socket", "subprocess", "time", "random", "pathlib", "sqlite3", "urllib", "http", "logging", "tempfile")
PURE = (
    "pipeline.money", "pipeline.model", "pipeline.reported", "pipeline.answers", "pipeline.coins", "pipeline.issues",
    "pipeline.gains", "pipeline.local", "pipeline.rules",
)  # fmt: skip


def modules() -> Iterator[tuple[str, Path, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            yield name, path, ast.parse(path.read_text(encoding="utf-8"))


ALL = list(modules())


def imported(tree: ast.Module, name: str) -> Iterator[str]:
    known = {module for module, _, _ in ALL}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: relative import"
            assert node.module is not None
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in known else node.module


def inside(module: str, room: str) -> bool:
    if room.endswith("_"):
        return module.startswith(room)
    return module == room or (module.startswith(f"{room}.") and room != "pipeline")


def room_of(module: str) -> str:
    rooms = [room for room in ROOMS if inside(module, room) or module.startswith(f"{room}_")]
    assert rooms, f"{module} is in no room of this test"
    return max(rooms, key=len)


@pytest.mark.parametrize("name, path, tree", ALL, ids=[name for name, _, _ in ALL])
def test_arrows(name: str, path: Path, tree: ast.Module) -> None:
    allowed = ROOMS[room_of(name)]
    for target in imported(tree, name):
        top = target.split(".")[0]
        if top in PACKAGES:
            ok = any(inside(target, room) for room in allowed) or (target == "pipeline" and "pipeline" in allowed)
            assert ok, f"{name} may not import {target}"
        elif top in LIBRARIES:
            rooms = LIBRARIES[top]
            ok = any(inside(name, room) or name.startswith(f"{room}_") for room in rooms)
            assert ok, f"{name} may not import {target}; only {', '.join(rooms)} may"
        else:
            known = top in sys_modules() or top == RECORDS
            assert known, f"{name} imports {target}, which is neither ours nor listed here"


def sys_modules() -> frozenset[str]:
    import sys

    return sys.stdlib_module_names


@pytest.mark.parametrize("name, path, tree", ALL, ids=[name for name, _, _ in ALL])
def test_no_hidden_imports(name: str, path: Path, tree: ast.Module) -> None:
    assert "TYPE_CHECKING" not in path.read_text(encoding="utf-8")


PURE_MODULES = [m for m in ALL if any(inside(m[0], room) for room in PURE)]


@pytest.mark.parametrize("name, path, tree", PURE_MODULES, ids=[m[0] for m in PURE_MODULES])
def test_the_core_is_pure(name: str, path: Path, tree: ast.Module) -> None:
    for node in ast.walk(tree):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), f"{name}: a float literal"
        assert not (isinstance(node, ast.Name) and node.id in ("float", "open", "print")), (
            f"{name}: {ast.unparse(node)}"
        )
        assert not (isinstance(node, ast.Attribute) and node.attr in ("now", "today", "utcnow")), f"{name}: a clock"
        assert not isinstance(node, ast.Global), f"{name}: mutable module state"
    for target in imported(tree, name):
        assert target.split(".")[0] not in EDGES, f"{name} imports {target}"


def test_no_circles() -> None:
    graph = {
        name: {t for t in imported(tree, name) if t.split(".")[0] in PACKAGES and t != name} for name, _, tree in ALL
    }
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path, name))
        if name not in done:
            for target in graph.get(name, ()):
                visit(target, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_files_stay_readable() -> None:
    long = {str(path.relative_to(ROOT)): n for _, path, _ in ALL if (n := len(path.read_text().splitlines())) > 450}
    assert not long, long
