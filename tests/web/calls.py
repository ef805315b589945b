"""What tests do with a call: send it, wait for it, read it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from tests.web.harness import WAV

ENDED = {"done", "dummy", "failed", "cancelled"}


async def sent(client: httpx.AsyncClient, file: tuple[str, bytes] = WAV, /, **fields: str) -> str:
    """The id of a call that was accepted."""
    response = await client.post("/api/transcripts", files={"file": file}, data=fields)
    assert response.status_code == 202, response.text
    return str(response.json()["id"])


async def shown(client: httpx.AsyncClient, id: str) -> dict[str, Any]:
    response = await client.get(f"/api/transcripts/{id}")
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


async def ended(client: httpx.AsyncClient, id: str, *states: str) -> dict[str, Any]:
    """The call, once nothing more happens to it, or it has one of `states`."""
    return await until(client, id, lambda call: call["state"] in (states or ENDED))


async def until(
    client: httpx.AsyncClient,
    id: str,
    holds: Callable[[dict[str, Any]], bool],
    seconds: float = 10.0,
) -> dict[str, Any]:
    """The call, once something holds of it."""
    async with asyncio.timeout(seconds):
        while True:
            call = await shown(client, id)
            if holds(call):
                return call
            await asyncio.sleep(0.02)


def texts(call: dict[str, Any]) -> list[str]:
    return [segment["text"] for segment in call["segments"]]
