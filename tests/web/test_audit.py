"""The audit table keeps who did what, and nothing that is in it is ever changed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import Connection

from web_ui.rendering import HERE
from web_ui.store import audit
from web_ui.store.audit import ACTIONS, Action, AuditEntry
from web_ui.store.database import Database, sqlite_url

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ENTRY = AuditEntry(
    at=NOON,
    who="박 영희",
    address="192.0.2.7",
    action="edit",
    request_id="r1",
    transcript_id="t1",
    detail={"segment": 7, "seconds": 1.5, "kind": "text", "restored": False, "was": None},
)
# Statements that would change or take away a row, as SQLAlchemy or SQL has them.
CHANGES = re.compile(
    r"(update|delete)\(\s*(tables\.)?AUDIT\b|AUDIT\.(update|delete)\b"
    r"|(update|delete from|replace into|truncate)( table)?\s+[\"`]?audit\b",
    re.IGNORECASE,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(name="database")
async def _database(tmp_path: Path) -> Database:
    database = Database(sqlite_url(tmp_path))
    await database.open()
    return database


async def test_entries_come_back_as_they_were(database: Database) -> None:
    """The newest first; a time of another zone is the same moment."""
    seoul = timezone(timedelta(hours=9))
    later = AuditEntry(NOON.astimezone(seoul), "", "", "sign_out", "r2")
    await database.write(audit.add, ENTRY)
    await database.write(audit.add, later)
    newest, oldest = await database.read(audit.recent)
    assert oldest == ENTRY
    assert (newest.at, newest.action, newest.transcript_id) == (NOON, "sign_out", None)
    assert newest.detail == {}
    await database.close()


async def test_entries_of_one_transcript_are_found(database: Database) -> None:
    """Those of others are left out, and no more than are asked for come."""
    for number in range(10):
        entry = AuditEntry(NOON, "kim", "", "rename", f"r{number}", f"t{number % 2}")
        await database.write(audit.add, entry)
    found = await database.read(audit.recent, "t1", limit=3)
    assert [entry.request_id for entry in found] == ["r9", "r7", "r5"]
    assert await database.read(audit.recent, "t2") == ()
    await database.close()


async def test_an_entry_is_there_with_its_change_or_not_at_all(database: Database) -> None:
    """What fails in the same transaction takes its entry back."""

    def change(connection: Connection) -> None:
        audit.add(connection, ENTRY)
        raise RuntimeError("the change fails")

    with pytest.raises(RuntimeError):
        await database.write(change)
    assert await database.read(audit.recent) == ()
    await database.close()


def test_actions_fit_their_column() -> None:
    """Each is a word of its own, of at most 64 characters."""
    assert get_args(Action) == ACTIONS
    assert len(set(ACTIONS)) == len(ACTIONS)
    assert all(re.fullmatch(r"[a-z_]{1,64}", action) for action in ACTIONS)


def test_no_statement_changes_the_audit_table() -> None:
    """No UPDATE and no DELETE of its rows stands anywhere in the code."""
    files = sorted(HERE.rglob("*.py"))
    assert [path.name for path in files if CHANGES.search(path.read_text("utf-8"))] == []
    assert HERE / "store" / "audit.py" in files


@pytest.mark.parametrize(
    "statement",
    [
        "delete(AUDIT).where(x)", "AUDIT.update().values()", "update( tables.AUDIT )",
        "DELETE FROM audit WHERE 1", 'update "audit" set who', "truncate table audit",
    ],
)  # fmt: skip
def test_such_a_statement_would_be_found(statement: str) -> None:
    """The search above is not blind."""
    assert CHANGES.search(statement)
