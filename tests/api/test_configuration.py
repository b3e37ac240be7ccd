"""What a configuration may be, and what it becomes for the agent."""

import datetime
import math
from typing import Any

import aiortc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from peer.api.configuration import (
    DEFAULT_ICE_SERVERS,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCRtcpMuxPolicy,
    check_change,
    ice_config,
    ice_pacing,
    ice_servers,
    normalize,
    set_default_configuration,
)
from peer.api.errors import (
    InvalidAccessError,
    InvalidModificationError,
    JsepTypeError,
    RangeError,
    SyntaxError_,
)
from peer.ice import GatherPolicy, IceConfig, Timings
from peer.net import IceServer, NetConfig
from peer.transports import Certificate

CERTIFICATE = Certificate.generate()
TURN = {"urls": ["turn:host", "turns:host:443?transport=tcp"], "username": "u", "credential": "c"}


def expired() -> Certificate:
    """A certificate that ended a minute ago."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    name = x509.Name([])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now - datetime.timedelta(minutes=1))
        .sign(key, hashes.SHA256())
    )
    return Certificate(key, made)


def test_the_defaults_are_those_of_the_w3c_and_aiortc() -> None:
    values: list[object] = [None, {}, RTCConfiguration(), aiortc.RTCConfiguration()]
    for given in values:
        configuration = normalize(given)
        assert configuration == RTCConfiguration(
            iceServers=None,
            iceTransportPolicy=RTCIceTransportPolicy.ALL,
            bundlePolicy=RTCBundlePolicy.BALANCED,
            alwaysNegotiateDataChannels=False,
            rtcpMuxPolicy=RTCRtcpMuxPolicy.REQUIRE,
            certificates=[],
            iceCandidatePoolSize=0,
            trickle=None,
            gatheringTimeout=1.0,
            consentTimeout=30.0,
            disconnectedTimeout=2.5,
        )
        assert type(configuration) is RTCConfiguration


def test_dictionaries_and_objects_are_the_same() -> None:
    from_json = normalize(
        {
            "iceServers": [{"urls": "stun:host"}, TURN],
            "iceTransportPolicy": "relay",
            "bundlePolicy": "max-bundle",
            "rtcpMuxPolicy": "negotiate",
            "certificates": [CERTIFICATE],
            "iceCandidatePoolSize": 255,
            "unknown": "ignored",
        }
    )
    urls = ["turn:host", "turns:host:443?transport=tcp"]
    given = RTCConfiguration(
        [RTCIceServer("stun:host"), RTCIceServer(urls, "u", "c")],
        RTCIceTransportPolicy.RELAY,
        RTCBundlePolicy.MAX_BUNDLE,
        rtcpMuxPolicy=RTCRtcpMuxPolicy.NEGOTIATE,
        certificates=[CERTIFICATE],
        iceCandidatePoolSize=255,
    )
    assert from_json == normalize(given) == given
    assert [type(server) for server in from_json.iceServers or []] == [RTCIceServer] * 2


def test_the_objects_of_aiortc_are_taken() -> None:
    configuration = normalize(
        aiortc.RTCConfiguration(
            [aiortc.RTCIceServer("turn:host", "u", "c")],
            aiortc.rtcconfiguration.RTCIceTransportPolicy.RELAY,
            aiortc.RTCBundlePolicy.MAX_COMPAT,
        )
    )
    assert configuration == RTCConfiguration(
        [RTCIceServer("turn:host", "u", "c")],
        RTCIceTransportPolicy.RELAY,
        RTCBundlePolicy.MAX_COMPAT,
    )


def test_the_copy_shares_nothing_that_changes() -> None:
    given = RTCConfiguration([RTCIceServer(["stun:host"])], certificates=[CERTIFICATE])
    copy = normalize(given)
    assert given.iceServers is not None
    given.iceServers[0].urls = "stun:other"
    given.iceServers.clear()
    given.certificates.clear()
    assert copy.iceServers == [RTCIceServer(["stun:host"])]
    assert copy.certificates == [CERTIFICATE]


def test_policies_are_strings() -> None:
    policies: dict[str, str] = {
        "max-bundle": RTCBundlePolicy.MAX_BUNDLE,
        "relay": RTCIceTransportPolicy.RELAY,
        "negotiate": RTCRtcpMuxPolicy.NEGOTIATE,
    }
    assert all(policy == text for text, policy in policies.items())
    assert normalize({"bundlePolicy": "must-bundle"}).bundlePolicy is RTCBundlePolicy.MAX_BUNDLE


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ("stun:host", JsepTypeError),
        ([], JsepTypeError),
        ({"bundlePolicy": "bogus"}, JsepTypeError),
        ({"bundlePolicy": None}, JsepTypeError),
        ({"iceTransportPolicy": "none"}, JsepTypeError),
        ({"rtcpMuxPolicy": ""}, JsepTypeError),
        ({"iceServers": {"urls": "stun:host"}}, JsepTypeError),
        ({"iceServers": "stun:host"}, JsepTypeError),
        ({"iceServers": [None]}, JsepTypeError),
        ({"iceServers": ["stun:host"]}, JsepTypeError),
        ({"iceServers": [{}]}, JsepTypeError),
        ({"iceServers": [{"urls": None}]}, JsepTypeError),
        ({"iceServers": [{"urls": [1]}]}, JsepTypeError),
        ({"iceServers": [{**TURN, "credentialType": "oauth"}]}, JsepTypeError),
        ({"iceServers": [{**TURN, "username": 1}]}, JsepTypeError),
        ({"iceServers": [{"urls": []}]}, SyntaxError_),
        ({"iceServers": [{"urls": ""}]}, SyntaxError_),
        ({"iceServers": [{"urls": "host"}]}, SyntaxError_),
        ({"iceServers": [{"urls": "http://host"}]}, SyntaxError_),
        ({"iceServers": [{"urls": "stun://host"}]}, SyntaxError_),
        ({"iceServers": [{"urls": "stun:host?transport=udp"}]}, SyntaxError_),
        ({"iceServers": [{"urls": ["stun:host", "stun:"]}]}, SyntaxError_),
        ({"iceServers": [{"urls": "turn:host"}]}, InvalidAccessError),
        ({"iceServers": [{"urls": "turns:host", "username": "u"}]}, InvalidAccessError),
        ({"iceServers": [{**TURN, "username": ""}]}, InvalidAccessError),
        ({"iceServers": [{**TURN, "credential": None}]}, InvalidAccessError),
        ({"iceServers": [{**TURN, "username": "u" * 509}]}, InvalidAccessError),
        ({"certificates": [object()]}, JsepTypeError),
        ({"certificates": CERTIFICATE}, JsepTypeError),
        ({"certificates": [expired()]}, InvalidAccessError),
        ({"iceCandidatePoolSize": -1}, JsepTypeError),
        ({"iceCandidatePoolSize": 256}, JsepTypeError),
        ({"iceCandidatePoolSize": "1"}, JsepTypeError),
        ({"trickle": 1}, JsepTypeError),
        ({"gatheringTimeout": None}, JsepTypeError),
        ({"gatheringTimeout": -0.1}, RangeError),
        ({"gatheringTimeout": math.nan}, RangeError),
        ({"consentTimeout": 0}, RangeError),
        ({"consentTimeout": 30.1}, RangeError),
        ({"disconnectedTimeout": 0}, RangeError),
        ({"network": {}}, JsepTypeError),
        ({"ice": {}}, JsepTypeError),
    ],
)
def test_what_is_refused(given: Any, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        normalize(given)
    assert type(caught.value) is error


@pytest.mark.parametrize(
    "given",
    [
        {"iceServers": []},
        {"iceServers": ({"urls": ("stun:host",)},)},
        {"iceServers": [{"urls": "stun:host", "username": "", "credential": ""}]},
        {"iceServers": [{**TURN, "username": "u" * 508}]},
        {"consentTimeout": 30},
        {"gatheringTimeout": 0, "disconnectedTimeout": None, "trickle": True},
    ],
)
def test_what_is_allowed(given: dict[str, Any]) -> None:
    assert normalize(given) == normalize(normalize(given))


def test_the_credential_is_not_shown() -> None:
    assert "secret" not in repr(RTCIceServer("turn:host", "u", "secret"))


def test_servers_for_the_driver() -> None:
    assert (RTCIceServer("stun:stun.l.google.com:19302"),) == DEFAULT_ICE_SERVERS
    assert ice_servers(normalize(None)) == (IceServer(("stun:stun.l.google.com:19302",)),)
    assert ice_servers(normalize({"iceServers": []})) == ()
    assert ice_servers(normalize({"iceServers": [{"urls": "stun:host"}, TURN]})) == (
        IceServer(("stun:host",)),
        IceServer(("turn:host", "turns:host:443?transport=tcp"), "u", "c"),
    )


def test_settings_for_the_agent() -> None:
    config = ice_config(normalize(None))
    assert config.gather_policy is GatherPolicy.ALL
    assert (config.timings.consent_expiry, config.timings.liveness) == (30.0, 2.5)
    own = IceConfig(renomination=True, timings=Timings(ta=0.02))
    config = ice_config(
        normalize(
            {
                "ice": own,
                "iceTransportPolicy": "relay",
                "consentTimeout": 10,
                "disconnectedTimeout": None,
            }
        )
    )
    assert config == IceConfig(
        renomination=True,
        gather_policy=GatherPolicy.RELAY,
        timings=Timings(ta=0.02, consent_expiry=10, consent_interval=10 / 3, liveness=None),
    )


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (None, 20),
        (IceConfig(), 20),
        (IceConfig(allow_loopback=True, timings=Timings(rto=0.6)), 20),
        (IceConfig(timings=Timings(ta=0.05)), None),
        (IceConfig(timings=Timings(ta=0.02)), 20),
        (IceConfig(timings=Timings(ta=1)), 1000),
        (IceConfig(timings=Timings(ta=0.0201)), 21),
        (IceConfig(lite=True, timings=Timings(ta=0.02)), None),
    ],
)
def test_pacing_that_is_signalled(own: IceConfig | None, told: int | None) -> None:
    """RFC 8839 §5.5: in milliseconds; a lite agent paces nothing.

    Settings of one's own that say nothing of it change nothing of it.
    """
    configuration = normalize({"ice": own})
    assert ice_pacing(configuration) == told
    if told is not None:
        assert ice_config(configuration).timings.pace == pytest.approx(told / 1000, abs=0.001)


OLD = normalize({"certificates": [CERTIFICATE], "network": NetConfig(tos=8), "ice": IceConfig()})


@pytest.mark.parametrize(
    ("change", "late"),
    [
        ({"bundlePolicy": "max-bundle"}, False),
        ({"rtcpMuxPolicy": "negotiate"}, False),
        ({"certificates": [Certificate.generate()]}, False),
        ({"certificates": [CERTIFICATE, CERTIFICATE]}, False),
        ({"network": NetConfig()}, False),
        ({"ice": IceConfig(lite=True)}, False),
        ({"iceCandidatePoolSize": 1}, True),
    ],
)
def test_what_cannot_be_changed(change: dict[str, Any], late: bool) -> None:
    with pytest.raises(InvalidModificationError):
        check_change(OLD, normalize(change), late)


def test_what_can_be_changed() -> None:
    change = {"iceServers": [TURN], "iceTransportPolicy": "relay", "iceCandidatePoolSize": 1}
    kept = check_change(OLD, normalize(change), False)
    assert kept.certificates == [CERTIFICATE]
    assert (kept.network, kept.ice) == (OLD.network, OLD.ice)
    assert kept.iceServers == normalize(change).iceServers
    assert (kept.iceTransportPolicy, kept.iceCandidatePoolSize) == ("relay", 1)
    assert check_change(OLD, normalize({}), True).iceServers is None


def test_a_configuration_that_was_read_can_be_set() -> None:
    assert check_change(OLD, normalize(OLD), True) == OLD


def test_settings_of_the_process_count_where_a_configuration_says_nothing() -> None:
    network = NetConfig(ports=range(50000, 50100))
    set_default_configuration(
        RTCConfiguration([], network=network, consentTimeout=5, bundlePolicy="max-bundle")  # type: ignore[arg-type]
    )
    try:
        unsaid: list[Any] = [None, {}, RTCConfiguration(), aiortc.RTCConfiguration()]
        for found in map(normalize, unsaid):
            assert (found.iceServers, found.network, found.consentTimeout) == ([], network, 5)
            assert found.bundlePolicy is RTCBundlePolicy.MAX_BUNDLE
        said: list[Any] = [
            {"iceServers": [{"urls": "stun:a"}], "consentTimeout": 30.0},
            RTCConfiguration([RTCIceServer("stun:a")], iceCandidatePoolSize=1),
        ]
        for given in said:
            assert normalize(given).iceServers == [RTCIceServer("stun:a")]
        assert [normalize(given).consentTimeout for given in said] == [30.0, 5]
        with pytest.raises(RangeError):
            set_default_configuration({"consentTimeout": 31})
        assert normalize(None).consentTimeout == 5
    finally:
        set_default_configuration(None)
    assert normalize(None) == RTCConfiguration()
