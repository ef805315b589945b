"""Alembic's entry: web-ui calls it at start, with its own connection and transaction."""

from __future__ import annotations

from alembic import context

from web_ui.store.tables import METADATA

# SQLite changes a column by copying its table.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transactional_ddl=False,  # the transaction is the caller's
)
context.run_migrations()
