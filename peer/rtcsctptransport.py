"""SCTP, where aiortc keeps it."""

from .api import RTCSctpTransport
from .stand_in import stand_in

__all__ = ["RTCSctpTransport"]

stand_in(__name__)
