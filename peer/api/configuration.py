"""The configuration of a connection (W3C RTCConfiguration), checked as the W3C says."""

import dataclasses
import datetime
import enum
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields, is_dataclass
from typing import Any, TypeVar

from peer.ice import (
    GatherPolicy,
    IceConfig,
    InvalidParameterError,
    Timings,
    TransportAddress,
    TurnServer,
    parse_server_uri,
)
from peer.net import IceServer, NetConfig
from peer.trace import TraceEntry
from peer.transports import Certificate, MediaConfig
from sdp import replace

from .errors import (
    InvalidAccessError,
    InvalidModificationError,
    JsepTypeError,
    RangeError,
    SyntaxError_,
)
from .shown import shown

CONSENT_CHECKS = 3
"""At least so many consent checks fit into the time consent lasts, however short that is."""
MAX_CONSENT_TIMEOUT = 30.0
"""Seconds after which consent has expired at the latest (RFC 7675 §5.1)."""
HANDSHAKE_TIMEOUT = 30.0
"""Seconds of `RTCConfiguration.handshakeTimeout` unless told otherwise."""
_MAX_POOL_SIZE = 255


class RTCIceTransportPolicy(enum.StrEnum):
    """Which candidates are used."""

    ALL = "all"
    RELAY = "relay"


class RTCBundlePolicy(enum.StrEnum):
    """Which media get a transport before it is known whether the peer bundles.

    "must-bundle", RFC 9429's new name of "max-bundle", is accepted as a value.
    """

    BALANCED = "balanced"
    MAX_COMPAT = "max-compat"
    MAX_BUNDLE = "max-bundle"

    @classmethod
    def _missing_(cls, value: object) -> "RTCBundlePolicy | None":
        return cls.MAX_BUNDLE if value == "must-bundle" else None


class RTCRtcpMuxPolicy(enum.StrEnum):
    """Whether RTCP may have a transport of its own."""

    NEGOTIATE = "negotiate"
    REQUIRE = "require"


@dataclass
class RTCIceServer:
    """STUN and TURN servers; TURN URLs need the username and the credential."""

    urls: str | list[str]
    username: str | None = None
    credential: str | None = field(default=None, repr=False)
    credentialType: str = "password"


DEFAULT_ICE_SERVERS = (RTCIceServer("stun:stun.l.google.com:19302"),)
"""Used when `RTCConfiguration.iceServers` is None."""


@dataclass
class RTCConfiguration:
    """Settings of a connection, the W3C's and some more; dictionaries are as good.

    `iceServers` None stands for `DEFAULT_ICE_SERVERS`, an empty list for no servers.
    """

    iceServers: list[RTCIceServer] | None = None
    iceTransportPolicy: RTCIceTransportPolicy = RTCIceTransportPolicy.ALL
    bundlePolicy: RTCBundlePolicy = RTCBundlePolicy.BALANCED
    alwaysNegotiateDataChannels: bool = False
    rtcpMuxPolicy: RTCRtcpMuxPolicy = RTCRtcpMuxPolicy.REQUIRE
    certificates: list[Certificate] = field(default_factory=list)
    iceCandidatePoolSize: int = 0
    _: KW_ONLY
    trickle: bool | None = None
    """False: setLocalDescription waits for the candidates; True: it does not; None: it waits
    when nothing listens to "icecandidate"."""
    gatheringTimeout: float = 1.0
    """Seconds it waits at most."""
    consentTimeout: float = MAX_CONSENT_TIMEOUT
    """Seconds without an answer of the peer until the connection fails, at most 30."""
    disconnectedTimeout: float | None = 2.5
    """Seconds of silence after which the peer is asked whether it is still there; None: it is
    asked as consent needs it."""
    handshakeTimeout: float = HANDSHAKE_TIMEOUT
    """Seconds that the handshakes of DTLS and of SCTP may take each, before they are given up."""
    lenientMunging: bool = False
    """True: setLocalDescription takes what was altered since it was created, as long as the
    sections stay in place (RFC 9429 §5.4 has it refused)."""
    network: NetConfig | None = None
    """Addresses, ports and names of the network."""
    ice: IceConfig | None = None
    """Settings of the ICE agent, where the settings above do not say otherwise."""
    media: MediaConfig | None = None
    """Bounds for the pictures of the peer."""
    trace: str | os.PathLike[str] | Callable[[TraceEntry], object] | None = None
    """Who is given the trace: the file, one of its own in a folder, or what is called with each
    entry; None: what the environment variable AIOPEER_TRACE names, or nobody. It has all that
    ICE did, to be replayed, and statistics each second; files have nothing secret in it."""
    capture: str | os.PathLike[str] | None = None
    """The file, or a folder for one, that all packets are written to for Wireshark (pcapng), WITH
    THE KEYS: who has it can read the call. Of media it has the headers, but all of what goes over
    TCP or TLS."""
    captureMedia: bool = False
    """True: it has media whole."""


_MEMBERS = tuple(each.name for each in fields(RTCConfiguration))
_LASTING = (
    "certificates",
    "lenientMunging",
    "network",
    "ice",
    "media",
    "trace",
    "capture",
    "captureMedia",
)
"""What is settled when the connection is made."""
_EXTENSIONS: dict[str, tuple[type, ...]] = {
    "trickle": (bool, type(None)),
    "consentTimeout": (int, float),
    "disconnectedTimeout": (int, float, type(None)),
    "handshakeTimeout": (int, float),
    "lenientMunging": (bool,),
    "network": (NetConfig, type(None)),
    "ice": (IceConfig, type(None)),
    "media": (MediaConfig, type(None)),
    "trace": (str, os.PathLike, Callable, type(None)),  # type: ignore[dict-item]
    "capture": (str, os.PathLike, type(None)),
    "captureMedia": (bool,),
}
"""The types of what is not the W3C's."""
_TA = 0.020
"""Ta where the settings of the ICE agent say none: as sound does, twenty milliseconds a packet,
where the peer says that it may (RFC 8445 §14.2, §B.1)."""
_PLAIN = {each: getattr(RTCConfiguration(), each) for each in _MEMBERS}
_default: dict[str, Any] = {}
"""Members of this process where a configuration says nothing."""

Named = TypeVar("Named", bound=enum.Enum)


def normalize(configuration: object) -> RTCConfiguration:
    """Check a configuration, a dictionary or None, and return a copy with all types as declared.

    Raises JsepTypeError for wrong types and unknown values, SyntaxError for URLs,
    InvalidAccessError for TURN without credentials and certificates that have expired, and
    RangeError for times out of range. Members not known are ignored.
    """
    return _checked(_default | _said(configuration))


def set_default_configuration(configuration: object = None) -> None:
    """Have these settings, in this process, where a configuration says nothing; None: W3C's.

    For programs whose libraries make the connections. A member counts as said when a dictionary
    has it or an `RTCConfiguration` has another value than a new one. Raises as `normalize` does.
    """
    settings = _said(_checked(_said(configuration)))
    _default.clear()
    _default.update(settings)


def check_change(
    old: RTCConfiguration, new: RTCConfiguration, local_description_set: bool
) -> RTCConfiguration:
    """Return what setConfiguration leaves of two normalized configurations.

    That is `new`, with what lasts of `old`. Raises InvalidModificationError when it changes what
    cannot be changed.
    """
    fixed = ["bundlePolicy", "rtcpMuxPolicy"]
    # Not given is not changed: the W3C says so of certificates.
    unchanged = {name: getattr(old, name) for name in _LASTING}
    fixed += [name for name in unchanged if getattr(new, name)]
    if local_description_set:
        fixed.append("iceCandidatePoolSize")
    for name in fixed:
        if getattr(old, name) != getattr(new, name):
            raise InvalidModificationError(f"{name} cannot be changed")
    return dataclasses.replace(new, **unchanged)


def check_gathering_timeout(seconds: object) -> None:
    """Raise JsepTypeError for what is no number of seconds, RangeError for a negative one."""
    if not isinstance(seconds, int | float):
        raise JsepTypeError(f"gatheringTimeout is not {shown(seconds)}")
    _check_time("gatheringTimeout", seconds)
    if not seconds >= 0:
        raise RangeError("gatheringTimeout is not negative")


def ice_servers(configuration: RTCConfiguration) -> tuple[IceServer, ...]:
    """Give the servers of a normalized configuration as the ICE driver takes them."""
    servers: Iterable[RTCIceServer] = DEFAULT_ICE_SERVERS
    if configuration.iceServers is not None:
        servers = configuration.iceServers
    return tuple(
        IceServer(_urls(server), server.username or "", server.credential or "")
        for server in servers
    )


def ice_config(configuration: RTCConfiguration) -> IceConfig:
    """Give the settings of the ICE agent of a normalized configuration."""
    config = configuration.ice or IceConfig()
    timings = replace(
        config.timings,
        ta=_ta(config),
        consent_expiry=configuration.consentTimeout,
        consent_interval=min(
            config.timings.consent_interval, configuration.consentTimeout / CONSENT_CHECKS
        ),
        liveness=configuration.disconnectedTimeout,
    )
    policy = config.gather_policy
    if configuration.iceTransportPolicy is RTCIceTransportPolicy.RELAY:
        policy = GatherPolicy.RELAY
    return replace(config, timings=timings, gather_policy=policy)


def ice_pacing(configuration: RTCConfiguration) -> int | None:
    """Give Ta in milliseconds as it is to be signalled, None for the default (RFC 8839 §5.5)."""
    config = configuration.ice or IceConfig()
    ta = _ta(config)
    return None if config.lite or ta == Timings().pace else math.ceil(ta * 1000)


def _ta(config: IceConfig) -> float:
    return _TA if config.timings.ta is None else config.timings.ta


def _members(value: object, what: str) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in fields(value)}
    raise JsepTypeError(f"{shown(value)} is not {what}")


def _checked(given: Mapping[str, Any]) -> RTCConfiguration:
    result = RTCConfiguration(**{name: given[name] for name in _MEMBERS if name in given})
    result.iceServers = _servers(result.iceServers)
    result.iceTransportPolicy = _named(RTCIceTransportPolicy, result.iceTransportPolicy)
    result.bundlePolicy = _named(RTCBundlePolicy, result.bundlePolicy)
    result.rtcpMuxPolicy = _named(RTCRtcpMuxPolicy, result.rtcpMuxPolicy)
    result.alwaysNegotiateDataChannels = bool(result.alwaysNegotiateDataChannels)
    result.certificates = _certificates(result.certificates)
    _check_pool_size(result.iceCandidatePoolSize)
    _check_extensions(result)
    return result


def _said(configuration: object) -> dict[str, Any]:
    """Give the members of a configuration that are not just a new one's."""
    if configuration is None:
        return {}
    members = _members(configuration, "a configuration")
    if isinstance(configuration, Mapping):
        return dict(members)
    return {
        name: value for name, value in members.items() if _plain(value) != _plain(_PLAIN.get(name))
    }


def _plain(value: object) -> object:
    # aiortc's enumerations are not strings.
    return value.value if isinstance(value, enum.Enum) else value


def _named(enumeration: Callable[[Any], Named], value: object) -> Named:
    try:
        return enumeration(_plain(value))
    except ValueError as error:
        raise JsepTypeError(str(error)) from None


def _servers(servers: object) -> list[RTCIceServer] | None:
    if servers is None:
        return None
    return [_server(server) for server in _list(servers, "iceServers")]


def _list(value: object, what: str) -> Sequence[Any]:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise JsepTypeError(f"{what} is a list, not {shown(value)}")
    return value


def _server(value: object) -> RTCIceServer:
    given = _members(value, "an ICE server")
    if "urls" not in given:
        raise JsepTypeError("an ICE server needs urls")
    urls = given["urls"]
    server = RTCIceServer(
        urls if isinstance(urls, str) else list(_list(urls, "urls")),
        given.get("username"),
        given.get("credential"),
        given.get("credentialType", "password"),
    )
    if any(
        not isinstance(text, str)
        for text in (*_urls(server), server.username or "", server.credential or "")
    ):
        raise JsepTypeError("URLs, username and credential are strings")
    if server.credentialType != "password":
        raise JsepTypeError(f"unknown credential type {shown(server.credentialType)}")
    _check_urls(server)
    return server


def _urls(server: RTCIceServer) -> tuple[str, ...]:
    return (server.urls,) if isinstance(server.urls, str) else tuple(server.urls)


def _check_urls(server: RTCIceServer) -> None:
    if not server.urls:
        raise SyntaxError_("an ICE server needs a URL")
    for url in _urls(server):
        try:
            uri = parse_server_uri(url)
        except InvalidParameterError as error:
            raise SyntaxError_(str(error)) from None
        if not uri.relays:
            continue
        if not (server.username and server.credential):
            raise InvalidAccessError(f"{url} needs a username and a credential")
        try:
            TurnServer(
                TransportAddress("0.0.0.0", uri.port), url, server.username, server.credential
            )
        except ValueError as error:
            raise InvalidAccessError(str(error)) from None


def _certificates(certificates: object) -> list[Certificate]:
    given = [] if certificates is None else list(_list(certificates, "certificates"))
    now = datetime.datetime.now(datetime.UTC)
    for certificate in given:
        if not isinstance(certificate, Certificate):
            raise JsepTypeError(f"{shown(certificate)} is no certificate")
        if certificate.expires <= now:
            raise InvalidAccessError("a certificate has expired")
    return given


def _check_pool_size(size: object) -> None:
    if not isinstance(size, int) or not 0 <= size <= _MAX_POOL_SIZE:
        raise JsepTypeError(f"iceCandidatePoolSize is 0..{_MAX_POOL_SIZE}, not {shown(size)}")


def _check_extensions(configuration: RTCConfiguration) -> None:
    for name, kind in _EXTENSIONS.items():
        if not isinstance(getattr(configuration, name), kind):
            raise JsepTypeError(f"{name} is not {shown(getattr(configuration, name))}")
        if float in kind:
            _check_time(name, getattr(configuration, name))
    check_gathering_timeout(configuration.gatheringTimeout)
    if not 0 < configuration.consentTimeout <= MAX_CONSENT_TIMEOUT:
        raise RangeError(f"consentTimeout is more than 0 and at most {MAX_CONSENT_TIMEOUT:g}")
    if not configuration.handshakeTimeout > 0:
        raise RangeError("handshakeTimeout is more than 0")
    if configuration.disconnectedTimeout is not None and not configuration.disconnectedTimeout > 0:
        raise RangeError("disconnectedTimeout is more than 0")


def _check_time(name: str, seconds: float | None) -> None:
    try:
        float(seconds or 0)
    except OverflowError:
        raise RangeError(f"{name} is longer than any time") from None
