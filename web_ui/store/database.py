"""The database: opened once, read on some threads and written on one, never on the event loop.

SQLite keeps a write-ahead log, so readers never wait for the writer; what is deleted is
overwritten. Errors of the driver end here: out come our own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, exc, text
from sqlalchemy.engine import make_url

from serving.errors import ServiceError, StorageFull
from web_ui.errors import DatabaseBroken, DatabaseBusy

log = logging.getLogger("web")

Given = ParamSpec("Given")
Found = TypeVar("Found")

READERS = 4
BUSY_SECONDS = 5.0
PATIENCE_SECONDS = 2.0
# Pages are read from the system's own cache, where a search of thousands of texts is quickest.
CACHE_KIB = 4 * 1024
MAPPED_BYTES = 1024 * 1024 * 1024
FILE_NAME = "web-ui.db"


def sqlite_url(directory: Path) -> str:
    return f"sqlite:///{directory / FILE_NAME}"


class Database:
    """Runs statements: `await database.read(fn, …)` and `await database.write(fn, …)` call
    `fn(connection, …)` in a transaction on a thread. Raises `DatabaseBusy`, `DatabaseBroken`,
    `StorageFull`.

    busy_seconds: how long a statement waits for a lock that another process holds.
    """

    def __init__(self, url: str, busy_seconds: float = BUSY_SECONDS) -> None:
        self._url = url
        self._busy_seconds = busy_seconds
        self._engine: Engine | None = None
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="db-read")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="db-write")

    @property
    def is_sqlite(self) -> bool:
        return make_url(self._url).get_backend_name() == "sqlite"

    async def open(self) -> None:
        """Connect and bring the tables up to date. Raises what `write` raises."""
        await self._on(self._writer, self._open)

    async def close(self) -> None:
        """Wait for what runs, then let every connection go."""
        if self._engine is not None:
            await self._on(self._writer, self._engine.dispose)
        self._readers.shutdown(wait=False)
        self._writer.shutdown(wait=False)

    async def problem(self) -> str | None:
        """Why it cannot be used now, if so; known within `PATIENCE_SECONDS`."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self.read(_look)
        except TimeoutError:
            return f"the database did not answer within {PATIENCE_SECONDS:g} s"
        except ServiceError as error:
            return str(error)
        return None

    async def read(
        self, work: Callable[Concatenate[Connection, Given], Found],
        *args: Given.args, **kwargs: Given.kwargs,
    ) -> Found:  # fmt: skip
        return await self._on(self._readers, self._in_transaction, work, False, *args, **kwargs)

    async def write(
        self, work: Callable[Concatenate[Connection, Given], Found],
        *args: Given.args, **kwargs: Given.kwargs,
    ) -> Found:  # fmt: skip
        """Shielded: whoever is cancelled meanwhile has written all of it or nothing."""
        return await self._on(self._writer, self._in_transaction, work, True, *args, **kwargs)

    async def purge(self) -> None:
        """Let what was deleted leave the write-ahead log as well."""
        if self.is_sqlite:
            await self._on(self._writer, self._purge)

    async def _on(
        self, threads: ThreadPoolExecutor, work: Callable[..., Found], *args: Any, **kwargs: Any
    ) -> Found:
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(threads, partial(work, *args, **kwargs))
        return await asyncio.shield(future)

    def _open(self) -> None:
        from web_ui.store.upgrade import upgrade

        engine = _engine(self._url, self._busy_seconds)
        try:
            with translated():
                upgrade(engine)
        except BaseException:
            engine.dispose()
            raise
        self._engine = engine

    def _purge(self) -> None:
        if self._engine is None:
            raise DatabaseBroken("the database is not open")
        with translated(), self._engine.connect() as connection:
            # Not inside a transaction; where a reader holds the log, the next one empties it.
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()

    def _in_transaction(
        self, work: Callable[..., Found], writes: bool, *args: Any, **kwargs: Any
    ) -> Found:
        if self._engine is None:
            raise DatabaseBroken("the database is not open")
        engine = self._engine.execution_options(writes=writes)
        with translated(), engine.begin() as connection:
            return work(connection, *args, **kwargs)


def _look(connection: Connection) -> None:
    connection.execute(text("SELECT 1"))


def _engine(url: str, busy_seconds: float) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_size=READERS + 1, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": busy_seconds}, pool_size=READERS + 1)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _: object) -> None:
    """One connection's settings; the driver must not begin transactions of its own."""
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "temp_store = MEMORY",
        f"cache_size = -{CACHE_KIB}",
        f"mmap_size = {MAPPED_BYTES}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    """A writer takes its lock at once: two that read first and write later would both fail."""
    writes = connection.get_execution_options().get("writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def translated() -> Iterator[None]:
    """The driver's errors as ours. None of their text goes on: it quotes what was written."""
    try:
        yield
    except exc.OperationalError as error:
        told = str(error.orig).lower()
        if "locked" in told or "busy" in told:
            raise DatabaseBusy("the database is busy; try again in a moment") from None
        if "full" in told or "disk i/o" in told:
            raise StorageFull("the disk of the database is full or cannot be written") from None
        raise DatabaseBroken(f"the database cannot be used: {_kind(error)}") from None
    except exc.SQLAlchemyError as error:
        raise DatabaseBroken(f"the database cannot be used: {_kind(error)}") from None


def _kind(error: exc.SQLAlchemyError) -> str:
    orig = getattr(error, "orig", None)
    return type(orig if orig is not None else error).__name__
