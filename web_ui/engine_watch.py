"""How stt-api is, looked at seldom and never for long.

However many ask, one look is under way at a time, and what it saw is good for some seconds.
"""

from __future__ import annotations

import asyncio
import logging
import time

from web_ui.client import EngineClient
from web_ui.engine_answers import EngineState
from web_ui.errors import EngineError

log = logging.getLogger("web")

LOOK_SECONDS = 2.0
FRESH_SECONDS = 3.0


class EngineWatch:
    """Knows the engine's state; `state` answers within `patience` seconds, whatever happens."""

    def __init__(
        self,
        client: EngineClient,
        patience: float = LOOK_SECONDS,
        fresh: float = FRESH_SECONDS,
    ) -> None:
        self._client = client
        self._patience = patience
        self._fresh = fresh
        self._looking: asyncio.Task[EngineState] | None = None
        self._seen: EngineState | None = None
        self._seen_at = 0.0
        self._wondered: set[str] = set()
        self._products: tuple[str, ...] = ()

    async def state(self) -> EngineState:
        if self._seen is not None and time.monotonic() - self._seen_at < self._fresh:
            return self._seen
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        # Shielded: a visitor who leaves does not take away the look of those who stay.
        return await asyncio.shield(self._looking)

    async def products(self) -> tuple[str, ...]:
        """What `product` may be, as the engine told when it was last there."""
        await self.state()
        return self._products

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})

    async def _look(self) -> EngineState:
        try:
            async with asyncio.timeout(self._patience):
                seen = await self._client.health()
                if not self._products:
                    self._products = await self._known_products()
        except TimeoutError:
            seen = _unreachable(f"no answer within {self._patience:g} s")
        except EngineError as error:
            seen = _unreachable(str(error))
        except Exception as error:
            # The pages and the probes stand whatever a look brings up.
            seen = self._unforeseen(type(error).__name__)
        finally:
            self._looking = None
        self._seen, self._seen_at = seen, time.monotonic()
        return seen

    async def _known_products(self) -> tuple[str, ...]:
        """Its rule packs do not change while it runs; it may need a key to tell them."""
        try:
            return await self._client.products()
        except EngineError:
            return ()

    def _unforeseen(self, kind: str) -> EngineState:
        if kind not in self._wondered:
            self._wondered.add(kind)
            log.error("looking at stt-api raised %s; it counts as unreachable", kind)
        return _unreachable(f"an unexpected error: {kind}")


def _unreachable(reason: str) -> EngineState:
    return EngineState(reachable=False, status="unreachable", error_reason=reason)
