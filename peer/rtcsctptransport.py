"""SCTP, where aiortc keeps it."""

from .api import RTCSctpTransport

__all__ = ["RTCSctpTransport"]
