"""Offer/answer (RFC 9429) as pure functions over records."""
