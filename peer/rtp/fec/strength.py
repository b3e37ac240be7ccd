"""How much protection is worth its bytes.

A lost packet that is asked for again comes a round trip later, and not even then if the request or
the answer is lost too. On a short path nobody sees that; on a long one pictures stand still for as
long, or are held back by as much. Sums of packets are there at once, but take from the pictures all
the time, so that they are sent only where both is so: packets get lost, and the round trip is long.
Where losses come in bursts, requests and reports are lost in a row, too, so that even on a short
path repair takes as long: `repair_time` tells.
"""

LEAST_LOSS = 0.01
"""The share of packets lost with less of which there is no protection."""
SHORT, LONG = 0.1, 0.2
"""Seconds of a round trip up to which there is none, and from which on there is all of it."""
LEAST_BITRATE = 100_000.0
"""Bits per second with less of which pictures need every one of them."""
MOST = 0.5
"""Sums for each packet, at most, as in libwebrtc."""
_BASE, _PER_LOSS = 0.1, 9.0
KEY_FACTOR = 1.5
"""What key frames have more of it: all pictures up to the next need them."""


def protection(loss: float, round_trip: float, bitrate: float) -> float:
    """Return how many sums a packet of pictures is worth, 0 where there are to be none.

    `loss` is the share of packets lost, `round_trip` in seconds, `bitrate` that of the stream.
    """
    if loss < LEAST_LOSS or bitrate < LEAST_BITRATE:
        return 0.0
    long = min(1.0, max(0.0, (round_trip - SHORT) / (LONG - SHORT)))
    return long * min(MOST, _BASE + _PER_LOSS * loss)
