"""What joins the layers: offer/answer, transports, media and data, behind one connection."""

from .negotiation import Negotiation
from .session import Session

__all__ = ["Negotiation", "Session"]
