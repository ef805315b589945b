"""Keys, origins, request ids and the headers of every answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.harness import WAV, client_of
from tests.fakes import FakeEngine

pytestmark = pytest.mark.anyio

KEYS: dict[str, Any] = {"stt_api_keys": "one, two", "stt_admin_key": "boss"}


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize("key", ["one", "two"])
async def test_any_listed_key_opens(key: str) -> None:
    """Each of the keys will do; the scheme's case does not matter."""
    async with client_of(**KEYS) as client:
        assert (await client.get("/info", headers=bearer(key))).status_code == 200
        headers = {"Authorization": f"bearer {key}"}
        assert (await client.get("/info", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, bearer("three"), bearer(""), bearer("boss"), bearer("one, two"), {"Authorization": "one"},
     {"Authorization": "Basic one"}, {"Authorization": "Bearer 한글".encode()}],
)  # fmt: skip
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/transcribe"), ("POST", "/detect-language"), ("GET", "/info"), ("GET", "/docs"),
     ("GET", "/openapi.json"), ("GET", "/docs/swagger-ui.css"), ("GET", "/nothing")],
)  # fmt: skip
async def test_no_key_no_answer(method: str, path: str, headers: dict[str, str | bytes]) -> None:
    """Every route but the three open ones needs a key, also one that does not exist."""
    async with client_of(**KEYS) as client:
        response = await client.request(method, path, headers=headers)  # type: ignore[arg-type]
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["error_code"] == "unauthorized"


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics"])
async def test_open_routes_need_no_key(path: str) -> None:
    """Probes and scrapers hold no keys."""
    async with client_of(**KEYS) as client:
        assert (await client.get(path)).status_code == 200


async def test_key_is_asked_before_the_upload() -> None:
    """Who holds no key uploads nothing."""
    engine = FakeEngine()
    async with client_of(engine, **KEYS) as client:
        response = await client.post("/transcribe", files={"file": WAV})
    assert response.status_code == 401
    assert engine.source is None


async def test_admin_routes_need_their_own_key() -> None:
    """A client's key opens no admin route."""
    async with client_of(**KEYS) as client:
        assert (await client.post("/admin/reload", headers=bearer("one"))).status_code == 401
        assert (await client.post("/admin/reload", headers=bearer("boss"))).status_code == 200


async def test_admin_routes_do_not_exist_without_a_key() -> None:
    """Where no admin key is set there is nothing to find."""
    async with client_of() as client:
        response = await client.post("/admin/reload", headers=bearer(""))
    assert response.status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/nothing", 404, "not_found"), ("GET", "/transcribe", 405, "method_not_allowed"),
     ("GET", "/health/", 404, "not_found"), ("DELETE", "/health", 405, "method_not_allowed")],
)  # fmt: skip
async def test_frameworks_errors_have_the_one_shape(
    method: str, path: str, status: int, code: str
) -> None:
    """Routes and methods that do not exist are answered like every other error."""
    async with client_of() as client:
        response = await client.request(method, path)
    assert response.status_code == status
    assert set(response.json()) == {"success", "error_code", "error_reason", "request_id"}
    assert response.json()["error_code"] == code


async def test_method_not_allowed_says_what_is() -> None:
    """405 lists the methods."""
    async with client_of() as client:
        assert (await client.get("/transcribe")).headers["allow"] == "POST"


@pytest.mark.parametrize("given", ["abc-123", "A.b_c", "x" * 64])
async def test_request_id_is_kept(given: str) -> None:
    """An id that is safe to repeat is repeated."""
    async with client_of() as client:
        response = await client.get("/health", headers={"X-Request-ID": given})
    assert response.headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a;b", "<script>", 'a"b'])
async def test_unsafe_request_id_is_replaced(given: str) -> None:
    """Any other becomes one of ours."""
    async with client_of() as client:
        response = await client.get("/health", headers={"X-Request-ID": given})
    assert len(response.headers["x-request-id"]) == 32


async def test_every_answer_is_marked_safe() -> None:
    """No sniffing, no storing, no framing."""
    async with client_of() as client:
        for path in ("/health", "/nothing", "/docs"):
            headers = (await client.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cache-control"] == "no-store"
            assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_no_origin_is_allowed_by_default() -> None:
    """Without a list no page may read an answer."""
    async with client_of() as client:
        response = await client.get("/health", headers={"Origin": "https://a.example"})
    assert "access-control-allow-origin" not in response.headers


async def test_listed_origin_may_ask_and_read() -> None:
    """A listed origin passes the preflight without a key, and reads errors as well."""
    origin = {"Origin": "https://a.example"}
    preflight = {
        **origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    async with client_of(cors_origins="https://a.example,https://b.example", **KEYS) as client:
        asked = await client.options("/transcribe", headers=preflight)
        refused = await client.get("/info", headers=origin)
        foreign = await client.get("/health", headers={"Origin": "https://c.example"})
    assert asked.status_code == 200
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "https://a.example"
    assert "X-Dummy" in refused.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in foreign.headers
