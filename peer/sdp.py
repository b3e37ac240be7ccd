"""Candidates and descriptions as text, where aiortc keeps that."""

from peer.transports import SessionDescription

from .api import candidate_from_sdp, candidate_to_sdp
from .stand_in import stand_in

__all__ = ["SessionDescription", "candidate_from_sdp", "candidate_to_sdp"]

stand_in(__name__)
