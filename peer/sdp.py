"""Candidates and descriptions as text, where aiortc keeps that."""

from peer.transports import SessionDescription

from .api import candidate_from_sdp, candidate_to_sdp

__all__ = ["SessionDescription", "candidate_from_sdp", "candidate_to_sdp"]
