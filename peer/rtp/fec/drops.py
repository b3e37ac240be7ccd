"""Why a parity brings nothing."""

import enum


class FecDrop(enum.Enum):
    """Why bytes are no parity, or what is left of one is no packet."""

    TRUNCATED = "fec-truncated"
    UNSUPPORTED = "fec-unsupported"
    PROTECTS_NOTHING = "fec-protects-nothing"
    UNKNOWN_STREAM = "fec-unknown-stream"
    OUT_OF_WINDOW = "fec-out-of-window"
    TOO_MANY_WAIT = "fec-too-many-wait"
    PARTIAL = "fec-partial"
    INCONSISTENT = "fec-inconsistent"
