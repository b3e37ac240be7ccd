"""The Allocate request and what its answers mean (RFC 8656 §7)."""

from dataclasses import replace
from typing import Any

from peer.records import dataclass

from ..address import TransportAddress, is_ipv6, usable_as_mapped, usable_as_remote
from ..destination import may_redirect
from ..stun import (
    ADDITIONAL_ADDRESS_FAMILY,
    ADDRESS_ERROR_CODE,
    ALTERNATE_DOMAIN,
    ALTERNATE_SERVER,
    DONT_FRAGMENT,
    EVEN_PORT,
    LIFETIME,
    REQUESTED_ADDRESS_FAMILY,
    REQUESTED_TRANSPORT,
    RESERVATION_TOKEN,
    UNKNOWN_ATTRIBUTES,
    XOR_MAPPED_ADDRESS,
    XOR_RELAYED_ADDRESS,
    Attribute,
    ErrorCode,
    Message,
    StunError,
)
from .config import TurnConfig
from .events import UNREACHABLE, Allocated, AllocationFailed, FamilyRefused, Remedy
from .server import AllocateOptions, EvenPort, RelayFamily, TurnServer

UDP = 17
IPV4_FAMILY = 1
IPV6_FAMILY = 2


class UnusableAllocationError(Exception):
    """The allocation has addresses we cannot handle, so it must be deleted (RFC 8656 §7.3)."""


def allocate_attributes(
    family: RelayFamily, options: AllocateOptions, lifetime: int | None
) -> tuple[tuple[Attribute[Any], Any], ...]:
    """The attributes of an Allocate request, in a combination RFC 8656 §7.1 allows."""
    attributes: list[tuple[Attribute[Any], Any]] = [(REQUESTED_TRANSPORT, UDP)]
    if family is RelayFamily.IPV6:
        attributes.append((REQUESTED_ADDRESS_FAMILY, IPV6_FAMILY))
    elif family is RelayFamily.DUAL:
        attributes.append((ADDITIONAL_ADDRESS_FAMILY, IPV6_FAMILY))
    if lifetime is not None:
        attributes.append((LIFETIME, lifetime))
    if options.even_port is not None:
        attributes.append((EVEN_PORT, options.even_port is EvenPort.RESERVE_NEXT))
    if options.reservation_token is not None:
        attributes.append((RESERVATION_TOKEN, options.reservation_token))
    if options.dont_fragment:
        attributes.append((DONT_FRAGMENT, True))
    return tuple(attributes)


def read_success(message: Message, server: TurnServer, config: TurnConfig, now: float) -> Allocated:
    """Read an Allocate success response. Raises UnusableAllocationError (RFC 8656 §7.3)."""
    try:
        relayed = tuple(message.get_all(XOR_RELAYED_ADDRESS))
        mapped = message.get(XOR_MAPPED_ADDRESS)
        lifetime = message.get(LIFETIME)
        refused = message.get_all(ADDRESS_ERROR_CODE)
        token = message.get(RESERVATION_TOKEN)
    except StunError as error:
        raise UnusableAllocationError(str(error)) from error
    unusable = [each for each in relayed if not usable_as_mapped(each, server.address.host)]
    if unusable:
        raise UnusableAllocationError(f"{unusable[0]} cannot be a candidate")
    if not _is_asked_for(relayed, server.address_family):
        raise UnusableAllocationError(f"{len(relayed)} relayed addresses, not those asked for")
    refusals = tuple(
        FamilyRefused(r.family, r.code, r.reason, _retry_family_at(r.code, config, now))
        for r in refused
    )
    if lifetime is None:
        return Allocated(relayed, mapped, config.default_lifetime, refusals, token)
    return Allocated(relayed, mapped, float(lifetime), refusals, token)


def _is_asked_for(relayed: tuple[TransportAddress, ...], family: RelayFamily) -> bool:
    versions = [is_ipv6(address.host) for address in relayed]
    if family is RelayFamily.DUAL:
        return versions in ([False], [True], [False, True], [True, False])
    return versions == [family is RelayFamily.IPV6]


def _retry_family_at(code: int, config: TurnConfig, now: float) -> float | None:
    return now + config.capacity_pause if code == 508 else None


def simpler_options(
    error: ErrorCode, message: Message | None, options: AllocateOptions
) -> AllocateOptions | None:
    """The options to try again with at once, None when leaving something out will not help."""
    if error.code == 508 and (options.even_port or options.reservation_token):
        return replace(options, even_port=None, reservation_token=None)
    if error.code == 420 and options.dont_fragment and message is not None:
        if DONT_FRAGMENT.type in (message.get_valid(UNKNOWN_ATTRIBUTES) or ()):
            return replace(options, dont_fragment=False)
    return None


@dataclass(frozen=True, slots=True)
class Alternate:
    """Where a 300 response points to."""

    address: TransportAddress
    domain: str | None


def read_alternate(
    message: Message, server: TransportAddress, *, authenticated: bool
) -> Alternate | None:
    """The alternate server of the family we use (RFC 8489 §10), None when there is none."""
    try:
        addresses = message.get_all(ALTERNATE_SERVER)
        domain = message.get(ALTERNATE_DOMAIN)
    except StunError:
        return None
    for address in addresses:
        if is_ipv6(address.host) != is_ipv6(server.host) or not usable_as_remote(address):
            continue
        if may_redirect(server.host, address.host, authenticated=authenticated):
            return Alternate(address, domain)
    return None


def describe_failure(
    error: ErrorCode, server: TurnServer, config: TurnConfig, attempt: int, now: float
) -> AllocationFailed:
    """Say what RFC 8656 §7.4 lets the client do after an error.

    `attempt` counts the local ports tried with this server, this one included.
    """
    code, reason = error
    if code == 437 and attempt < config.max_local_ports:
        return AllocationFailed(code, reason, server.url, Remedy.NEW_PORT, now)
    if code == 437:
        at = now + config.mismatch_pause
        return AllocationFailed(code, reason, server.url, Remedy.LATER, at)
    if code in (408, UNREACHABLE):
        return AllocationFailed(code, reason, server.url, Remedy.OTHER_TRANSPORT)
    if code == 486 or 500 <= code < 600:
        at = now + config.capacity_pause
        return AllocationFailed(code, reason, server.url, Remedy.LATER, at)
    return AllocationFailed(code, reason, server.url, Remedy.NONE)
