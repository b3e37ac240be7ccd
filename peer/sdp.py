"""Candidates as text, where aiortc keeps that."""

from .ice_candidate import candidate_from_sdp, candidate_to_sdp

__all__ = ["candidate_from_sdp", "candidate_to_sdp"]
