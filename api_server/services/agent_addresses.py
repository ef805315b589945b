"""One spelling for every host, and the addresses that no request may lead to.

A cloud machine's metadata service hands its credentials to whoever asks from inside; it
answers at link-local and a few other fixed addresses, under names, and under every other
way of writing an address.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

FORBIDDEN_NAMES = frozenset(
    {"metadata", "metadata.google.internal", "metadata.goog", "instance-data"}
    | {"instance-data.ec2.internal"}
)
FORBIDDEN_NETWORKS = tuple(
    ip_network(network)
    for network in (
        "169.254.0.0/16",  # link-local: AWS, Azure, Google, OpenStack
        "fe80::/10",
        "fd00:ec2::254",  # AWS
        "fd20:ce::254",  # Google
        "100.100.100.200",  # Alibaba
        "168.63.129.16",  # Azure's host
        "192.0.0.192",  # Oracle
    )
)
NAT64 = IPv6Network("64:ff9b::/96")
IPV4_COMPATIBLE = IPv6Network("::/96")
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


def canonical_host(text: str) -> str:
    """The host as every spelling of it is compared: lower case, ASCII, without a final dot.

    Raises ValueError for what is not a host, and for addresses in a spelling that only some
    programs read as one (`2130706433`, `0x7f.1`, `127.1`).
    """
    if ":" in text:
        if "%" in text:
            raise ValueError("a zone in an address cannot be used")
        return str(IPv6Address(text))
    host = text.encode("idna").decode("ascii").lower().removesuffix(".")
    labels = host.split(".")
    if len(host) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        raise ValueError("not a host's name")
    if labels[-1].isdigit() or labels[-1].startswith("0x"):
        return str(IPv4Address(host))
    return host


def is_address(host: str) -> bool:
    """Whether a canonical host is an address, and not a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_forbidden_host(host: str) -> bool:
    """Whether a canonical host is, as it is written, one that no request may reach."""
    return is_forbidden(ip_address(host)) if is_address(host) else host in FORBIDDEN_NAMES


def is_forbidden(address: Address) -> bool:
    """Whether no request may reach this address, or the one it wraps."""
    return any(
        each in network
        for each in (address, *_wrapped(address))
        for network in FORBIDDEN_NETWORKS
        if each.version == network.version
    )


def _wrapped(address: Address) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 address may stand for."""
    if isinstance(address, IPv4Address):
        return []
    last = IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    found = [
        address.ipv4_mapped,
        address.sixtofour,
        teredo[1] if teredo else None,
        last if address in NAT64 or address in IPV4_COMPATIBLE else None,
    ]
    return [each for each in found if each is not None]
