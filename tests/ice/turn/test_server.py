import pytest

from peer.ice.turn import (
    AllocateOptions,
    Allocation,
    EvenPort,
    RelayFamily,
    TurnServer,
    TurnTransport,
)

from .server import ADDRESS


def make(username: str = "user", credential: str = "secret") -> TurnServer:
    return TurnServer(ADDRESS, "turn:a", username, credential)


def test_username_of_more_than_508_bytes_is_refused() -> None:
    """RFC 8489 §14.3."""
    assert make("u" * 508)
    with pytest.raises(ValueError, match="508"):
        make("u" * 509)


def test_credential_that_is_no_opaque_string_is_refused() -> None:
    """RFC 8265 §4.2."""
    with pytest.raises(ValueError, match="not allowed"):
        make(credential="\u00ad")


@pytest.mark.parametrize(
    ("transport", "over_tcp"),
    [
        (TurnTransport.UDP, False),
        (TurnTransport.DTLS, False),
        (TurnTransport.TCP, True),
        (TurnTransport.TLS, True),
    ],
)
def test_streams(transport: TurnTransport, over_tcp: bool) -> None:
    assert transport.over_tcp is over_tcp


def test_even_port_with_reservation_token_is_refused() -> None:
    """RFC 8656 §7.1."""
    with pytest.raises(ValueError, match="EVEN-PORT"):
        AllocateOptions(even_port=EvenPort.EVEN, reservation_token=bytes(8))


def test_reservation_token_has_eight_bytes() -> None:
    """RFC 8656 §18.10."""
    with pytest.raises(ValueError, match="8 bytes"):
        AllocateOptions(reservation_token=bytes(7))


@pytest.mark.parametrize(
    ("options", "family"),
    [
        (AllocateOptions(reservation_token=bytes(8)), RelayFamily.IPV6),
        (AllocateOptions(reservation_token=bytes(8)), RelayFamily.DUAL),
        (AllocateOptions(even_port=EvenPort.RESERVE_NEXT), RelayFamily.DUAL),
    ],
)
def test_combinations_the_rfc_forbids(options: AllocateOptions, family: RelayFamily) -> None:
    """RFC 8656 §7.1."""
    server = TurnServer(ADDRESS, "turn:a", "user", "secret", address_family=family)
    with pytest.raises(ValueError, match="RFC 8656"):
        Allocation(server, entropy=bytes, options=options)
