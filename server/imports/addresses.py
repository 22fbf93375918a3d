"""Where imports may look: folders below the allowed roots, hosts that the operator listed (reliability of addresses
that users give).

A host is listed by name, by address or by network, with a port where it is not the usual one. Each address that a name
stands for is checked, and the one that was checked is connected to: a name that is answered differently a moment later
leads nowhere else. Addresses that are not public must be listed themselves.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from server.errors import Refused
from server.settings import Settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_6TO4 = ipaddress.ip_network("2002::/16")


class PlaceTrouble(Refused):
    """The place can't be watched now: it is away, refuses us, or may not be looked at."""

    code = "place-trouble"


@dataclass(frozen=True)
class _Listed:
    """One entry of STOCKBOOK_IMPORT_HOSTS. Without a port: the usual one of each kind."""

    name: str
    network: Network | None
    port: int | None


def folder_within(settings: Settings, given: str) -> Path:
    """The folder that is meant, links resolved. Raises `PlaceTrouble` where it lies in none of the allowed roots."""
    roots = [root.resolve() for root in settings.import_folders]
    path = (roots[0] / given).resolve()  # an absolute one stays what it is
    if not any(path == root or root in path.parents for root in roots):
        raise PlaceTrouble(f"'{given[:100]}' is not in a folder that imports may look into (STOCKBOOK_IMPORT_ROOTS)")
    return path


def address_of(settings: Settings, host: str, port: int, usual: int) -> str:
    """The address to connect to. Raises `PlaceTrouble` for a host that is not listed, is not known, or stands for an
    address that it must not."""
    listed = [one for one in _listed(settings.import_hosts) if port == (one.port or usual)]
    by_name = any(one.name == host.casefold() for one in listed)
    networks = [one.network for one in listed if one.network is not None]
    if not by_name and not networks:
        raise _not_listed(host, port, usual)
    addresses = _resolved(host, port)
    for address in addresses:
        if any(address in network for network in networks):
            continue
        if not by_name:
            raise _not_listed(host, port, usual)
        if not _is_public(address):
            raise PlaceTrouble(f"'{host[:100]}' is no public address; list {address} itself in STOCKBOOK_IMPORT_HOSTS")
    return str(addresses[0])


def _not_listed(host: str, port: int, usual: int) -> PlaceTrouble:
    shown = host[:100] if port == usual else f"{host[:100]}:{port}"
    return PlaceTrouble(f"this server may not connect to {shown}: STOCKBOOK_IMPORT_HOSTS does not list it")


def _resolved(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise PlaceTrouble(f"there is no server '{host[:100]}'") from None
    addresses = dict.fromkeys(_unwrapped(ipaddress.ip_address(str(one[4][0]).partition("%")[0])) for one in found)
    return list(addresses)


def _unwrapped(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_public(address: Address) -> bool:
    return address.is_global and not address.is_multicast and address not in _NAT64 and address not in _6TO4


def _listed(text: str) -> Iterator[_Listed]:
    for entry in filter(None, (part.strip() for part in text.split(","))):
        with suppress(ValueError):  # an IPv6 address or network has colons of its own
            yield _Listed("", ipaddress.ip_network(entry), None)
            continue
        name, _, port = entry.rpartition(":") if entry.rpartition(":")[2].isdigit() else (entry, "", "")
        network = None
        with suppress(ValueError):
            network = ipaddress.ip_network(name.strip("[]"))
        yield _Listed("" if network else name.casefold(), network, int(port) if port else None)
