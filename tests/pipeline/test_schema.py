"""The tables as the classes say them, as a new ledger gets them, and as other rooms call them."""

import os
from pathlib import Path

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql.ddl import sort_tables_and_constraints

import pipeline
from pipeline import ledger_rows as rows
from pipeline.migrations import APPEND_ONLY, INDEXES, TABLES
from pipeline.schema import METADATA
from pipeline.schema_chain import COLUMNS
from pipeline.sqlite import Sqlite, statements

FILE = Path(pipeline.__file__).with_name("tables.sql")


def said() -> list[str]:
    """What makes the tables of the classes, each behind those that it refers to."""
    tables = [table for table, _ in sort_tables_and_constraints(METADATA.tables.values()) if table is not None]
    made = [element for table in tables for element in (CreateTable(table), *map(CreateIndex, table.indexes))]
    return [
        "\n".join(map(str.rstrip, str(element.compile(dialect=sqlite.dialect())).strip().splitlines()))
        for element in made
    ]


def test_a_new_ledger_gets_the_tables_that_the_classes_say() -> None:
    if os.environ.get("TAXSYNC_WRITE_SCHEMA"):
        FILE.write_text(";\n\n".join(said()) + ";\n", encoding="utf-8")
    assert [statement.strip() for statement in statements()] == said()


def test_the_names_that_need_no_classes_are_theirs(tmp_path: Path) -> None:
    assert sorted(TABLES) == sorted(METADATA.tables)
    assert sorted(INDEXES) == sorted(str(i.name) for table in METADATA.tables.values() for i in table.indexes)
    columns = {name: [column.name for column in table.columns] for name, table in METADATA.tables.items()}
    assert rows.BATCH_COLUMNS.split(", ") == columns["batch"]
    assert ["id", *rows.RAW_ROW] == columns["raw"] and list(rows.RAW_ROW) == COLUMNS.split(", ")
    assert ["id", *rows.PRICE_ROW] == columns["price"]
    assert list(rows.SAID_ROW) == columns["said"] and list(rows.PARSED_ROW) == columns["parsed"]
    guarded = [table for table in columns if table in APPEND_ONLY]
    path = tmp_path / "ledger.db"
    database = Sqlite.at(path, 1)
    database.migrate(rows.instant_of("2025-01-01T00:00:00+00:00"), "test")  # type: ignore[arg-type]
    triggers = {row[0] for row in database.execute("SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'")}
    database.close()
    assert triggers == set(guarded)
