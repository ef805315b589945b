"""The pooled connections to LLM servers.

httpcore without httpx around it: it takes a network backend, which is where an address can be
checked and used without being looked up twice. It follows no redirects, keeps no cookies,
reads neither proxies nor passwords from the environment and unpacks nothing.

TLS is always verified, against certifi's authorities, or those in SSL_CERT_FILE or
SSL_CERT_DIR where the environment names them: that is how a private authority is trusted.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

import certifi
import httpcore

from api_server.services.agent_addresses import is_address, is_forbidden
from api_server.services.agent_resolver import Resolver
from api_server.services.agent_targets import Endpoint
from api_server.services.agent_types import ConfigurationInvalid

KEEP_ALIVE_SECONDS = 4.0
"""vLLM closes idle connections after 5 s; one used at that moment fails."""


class Forbidden(Exception):
    """A name leads to an address that no request may reach."""


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were looked up once and, for a named server, checked.

    A name that answers differently the second time (DNS rebinding) gains nothing: there is
    no second time. TLS still verifies the name.
    """

    def __init__(self, resolver: Resolver, *, guarded: bool) -> None:
        self._resolver = resolver
        self._guarded = guarded
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        ends = time.monotonic() + (timeout or 0.0)
        addresses = await self._addresses(host, port, timeout)
        for tried, address in enumerate(addresses, 1):
            # Each address gets its share, so that one that is silent leaves time for the next.
            share = (ends - time.monotonic()) / (len(addresses) - tried + 1)
            try:
                return await self._backend.connect_tcp(address, port, max(share, 0.0))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if tried == len(addresses):
                    raise
        raise httpcore.ConnectError("the name has no address")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError("sockets of the file system are not used")

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)

    async def _addresses(self, host: str, port: int, seconds: float | None) -> list[str]:
        try:
            async with asyncio.timeout(seconds):
                addresses = [host] if is_address(host) else await self._resolver.resolve(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError from error
        if self._guarded and any(is_forbidden(ip_address(each)) for each in addresses):
            raise Forbidden
        return addresses


class Connections:
    """Pools by what sets connections apart: whether addresses are checked, whether TLS is used.

    keep: how many idle connections a pool keeps; 0 closes each after its answer.
    """

    def __init__(self, resolver: Resolver, *, keep: int) -> None:
        self._resolver = resolver
        self._keep = keep
        self._pools: dict[tuple[bool, bool], httpcore.AsyncConnectionPool] = {}

    def pool(self, endpoint: Endpoint) -> httpcore.AsyncConnectionPool:
        """Raises `ConfigurationInvalid` where the authorities to trust cannot be read."""
        key = (endpoint.named, endpoint.origin.scheme == "https")
        if key not in self._pools:
            guarded, secure = key
            # Without a bound on connections: whoever asks is bounded already, and httpcore
            # may lose count of one that is cancelled while it connects (encode/httpcore#1093).
            self._pools[key] = httpcore.AsyncConnectionPool(
                ssl_context=tls_context() if secure else None,
                max_connections=None,
                max_keepalive_connections=self._keep,
                keepalive_expiry=KEEP_ALIVE_SECONDS,
                network_backend=CheckedBackend(self._resolver, guarded=guarded),
            )
        return self._pools[key]

    async def aclose(self) -> None:
        pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            await pool.aclose()


def tls_context() -> ssl.SSLContext:
    """What a server's certificate is verified against."""
    file, directory = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not file and not directory:
        file = certifi.where()
    try:
        return ssl.create_default_context(cafile=file or None, capath=directory or None)
    except (OSError, ValueError):
        raise ConfigurationInvalid(
            "SSL_CERT_FILE or SSL_CERT_DIR: the authorities to trust cannot be read"
        ) from None
