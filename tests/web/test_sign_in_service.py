"""Sign-in as the whole service has it: every page and route behind it, names beside changes."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr
from starlette.routing import Route

from tests.web.calls import ended, sent
from tests.web.fakes import SALES, FakeSttApi
from tests.web.harness import ENGLISH, WAV, client_of
from web_ui.app import ROUTERS

pytestmark = pytest.mark.anyio
NAME, PASSWORD = "김검토", "correct horse battery"
FREE = ("/health", "/ready", "/metrics", "/sign-in", "/static/css/base.css")


@pytest.fixture(name="users", scope="module")
def _users(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("auth") / "users"
    hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    path.write_text(f"{NAME}:{hashed}\n", encoding="utf-8")
    return path


async def signed_in(client: httpx.AsyncClient) -> None:
    response = await client.post("/sign-in", data={"name": NAME, "password": PASSWORD, "next": "/"})
    assert (response.status_code, response.headers["location"]) == (303, "/")


async def test_nothing_is_seen_before_signing_in(users: Path, tmp_path: Path) -> None:
    """Pages lead to the sign-in page, the API answers 401; probes and style sheets are free."""
    async with client_of(FakeSttApi(), tmp_path, web_ui_users=users) as client:
        routes = [route for router in ROUTERS for route in router.routes]
        paths = {route.path for route in routes if isinstance(route, Route)}
        for path in sorted(paths | {"/static/css/base.css"}):
            address = path.replace("{id}", "0" * 32).replace("{number}", "0")
            response = await client.get(address)
            if address in FREE:
                assert response.status_code == 200, address
            elif address.startswith("/api/"):
                assert (response.status_code, response.json()["error_code"]) == (
                    401, "not_signed_in",
                ), address  # fmt: skip
            else:
                assert response.status_code == 303, address
                assert response.headers["location"].startswith("/sign-in"), address
        upload = await client.post("/api/transcripts", files={"file": WAV})
    assert upload.status_code == 401
    assert not list(tmp_path.rglob("*.part"))


async def test_changes_carry_the_name(users: Path, tmp_path: Path) -> None:
    """Whoever is signed in need not say who they are, and cannot be somebody else."""
    engine = FakeSttApi(analyses={"/validate/incomplete-sales": SALES})
    async with client_of(engine, tmp_path, web_ui_users=users) as client:
        await signed_in(client)
        id = await sent(client, validate_sales="true")
        await ended(client, id)
        body = {"status": "complete", "reason": "들음", "who": "다른 사람"}
        check = await client.post(f"/api/transcripts/{id}/overrides", json=body)
        page = await client.get(f"/transcripts/{id}", headers=ENGLISH)
        await client.post("/sign-out")
        after = await client.get(f"/api/transcripts/{id}")
    assert check.json()["overrides"][0]["who"] == NAME
    assert NAME in page.text
    assert after.status_code == 401


async def test_programs_bring_a_key(users: Path, tmp_path: Path) -> None:
    """A key opens the API and nothing else."""
    keys = SecretStr("one,two")
    async with client_of(
        FakeSttApi(), tmp_path, web_ui_users=users, web_ui_api_keys=keys
    ) as client:
        answers = [
            (await client.get(path, headers={"Authorization": f"Bearer {key}"})).status_code
            for path, key in (
                ("/api/transcripts", "two"),
                ("/api/transcripts", "three"),
                ("/", "two"),
            )
        ]
    assert answers == [200, 401, 303]
