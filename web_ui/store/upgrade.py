"""Brings the tables up to date at start, with Alembic, inside one transaction."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from web_ui.errors import DatabaseBroken

MIGRATIONS = Path(__file__).parents[1] / "migrations"


def upgrade(engine: Engine) -> None:
    """To the newest revision. Two services that start together take turns.

    Raises `DatabaseBroken` for one that a newer version of the service has made.
    """
    try:
        with engine.begin() as connection:
            command.upgrade(alembic_config(connection), "head")
    except CommandError:
        raise DatabaseBroken("the database was made by a newer version of this service") from None


def alembic_config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
