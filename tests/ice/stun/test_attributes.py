import pytest

from peer.ice import stun

NUMBERS = {
    "MAPPED-ADDRESS": 0x0001,
    "CHANGE-REQUEST": 0x0003,
    "USERNAME": 0x0006,
    "ERROR-CODE": 0x0009,
    "UNKNOWN-ATTRIBUTES": 0x000A,
    "CHANNEL-NUMBER": 0x000C,
    "LIFETIME": 0x000D,
    "XOR-PEER-ADDRESS": 0x0012,
    "DATA": 0x0013,
    "REALM": 0x0014,
    "NONCE": 0x0015,
    "XOR-RELAYED-ADDRESS": 0x0016,
    "REQUESTED-ADDRESS-FAMILY": 0x0017,
    "EVEN-PORT": 0x0018,
    "REQUESTED-TRANSPORT": 0x0019,
    "DONT-FRAGMENT": 0x001A,
    "PASSWORD-ALGORITHM": 0x001D,
    "USERHASH": 0x001E,
    "XOR-MAPPED-ADDRESS": 0x0020,
    "RESERVATION-TOKEN": 0x0022,
    "PRIORITY": 0x0024,
    "USE-CANDIDATE": 0x0025,
    "PADDING": 0x0026,
    "RESPONSE-PORT": 0x0027,
    "CONNECTION-ID": 0x002A,
    "ADDITIONAL-ADDRESS-FAMILY": 0x8000,
    "ADDRESS-ERROR-CODE": 0x8001,
    "PASSWORD-ALGORITHMS": 0x8002,
    "ALTERNATE-DOMAIN": 0x8003,
    "ICMP": 0x8004,
    "SOFTWARE": 0x8022,
    "ALTERNATE-SERVER": 0x8023,
    "CACHE-TIMEOUT": 0x8027,
    "ICE-CONTROLLED": 0x8029,
    "ICE-CONTROLLING": 0x802A,
    "RESPONSE-ORIGIN": 0x802B,
    "OTHER-ADDRESS": 0x802C,
    "NOMINATION": 0xC001,
    "GOOG-NETWORK-INFO": 0xC057,
    "DTLS-IN-STUN-DATA": 0xC070,
    "DTLS-IN-STUN-ACK": 0xC071,
}


def test_numbers_are_those_of_the_registries() -> None:
    """RFC 8489 §18.3, RFC 8656 §18, RFC 8445 §16.1, RFC 5780 §7, RFC 6062 §6.2."""
    assert {attribute.name: attribute.type for attribute in stun.ALL_ATTRIBUTES} == NUMBERS


@pytest.mark.parametrize(
    ("attribute", "required"),
    [(stun.USE_CANDIDATE, True), (stun.ICE_CONTROLLED, False), (stun.NOMINATION, False)],
)
def test_comprehension_required(attribute: stun.Attribute[object], required: bool) -> None:
    """RFC 8489 §14: the lower half of the numbers."""
    assert attribute.comprehension_required is required


def test_repr_is_the_name() -> None:
    assert repr(stun.USE_CANDIDATE) == "<USE-CANDIDATE>"
