"""SCTP, where aiortc keeps it."""

from .sctp_transport import RTCSctpTransport

__all__ = ["RTCSctpTransport"]
