"""Packets that get lost, and what protects them."""

from hypothesis import strategies as st

from peer.rtp import RtpPacket, write_packet

SSRC = 0x1A2B3C4D


def packet(
    number: int, payload: bytes, *, timestamp: int = 0, marker: bool = False, csrcs: int = 0
) -> bytes:
    """Return a packet of the stream."""
    return write_packet(
        RtpPacket(
            payload_type=96,
            sequence_number=number & 0xFFFF,
            timestamp=timestamp,
            ssrc=SSRC,
            payload=payload,
            marker=marker,
            csrcs=tuple(range(csrcs)),
        )
    )


def packets(most: int) -> st.SearchStrategy[list[bytes]]:
    """Return consecutive packets of any times, sizes and headers, across the wrap too."""
    one = st.tuples(
        st.binary(max_size=40), st.integers(0, 0xFFFFFFFF), st.booleans(), st.integers(0, 15)
    )
    return st.builds(
        lambda first, made: [
            packet(first + index, payload, timestamp=timestamp, marker=marker, csrcs=csrcs)
            for index, (payload, timestamp, marker, csrcs) in enumerate(made)
        ],
        st.integers(0, 0xFFFF),
        st.lists(one, min_size=1, max_size=most),
    )
