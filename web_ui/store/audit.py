"""The audit table: who changed what, and when. It grows, and nothing in it is ever changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from sqlalchemy import Connection, insert, select

from web_ui.store.tables import AUDIT

Action: TypeAlias = Literal[
    "upload", "cancel", "retry", "delete", "rename", "edit", "restore", "speaker", "override",
    "analyse", "export", "sign_in", "sign_in_failed", "sign_out", "expire",
]  # fmt: skip
ACTIONS: tuple[Action, ...] = get_args(Action)
Fact: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change.

    at: aware.
    who: a user's name, `api:…` for a program's key, empty where nobody signs in.
    address: where the connection came from.
    detail: facts such as numbers, states and kinds; nothing that was said, and no file's name.
    """

    at: datetime
    who: str
    address: str
    action: Action
    request_id: str
    transcript_id: str | None = None
    detail: Mapping[str, Fact] = field(default_factory=dict)


def add(connection: Connection, entry: AuditEntry) -> None:
    """Within the transaction of the change itself, both are there or neither."""
    connection.execute(
        insert(AUDIT).values(
            at=entry.at,
            who=entry.who,
            address=entry.address,
            action=entry.action,
            transcript_id=entry.transcript_id,
            detail=dict(entry.detail),
            request_id=entry.request_id,
        )
    )


def recent(
    connection: Connection, transcript_id: str | None = None, limit: int = 200
) -> tuple[AuditEntry, ...]:
    """The newest first; of one transcript, also after it was deleted."""
    asked = select(AUDIT).order_by(AUDIT.c.key.desc()).limit(limit)
    if transcript_id is not None:
        asked = asked.where(AUDIT.c.transcript_id == transcript_id)
    return tuple(
        AuditEntry(
            at=row.at,
            who=row.who,
            address=row.address,
            action=row.action,
            request_id=row.request_id,
            transcript_id=row.transcript_id,
            detail=row.detail,
        )
        for row in connection.execute(asked)
    )
