"""Attacks: what a stranger, a peer, a server or a signalling service tries, and what it may cost.

Each test asserts a bound that SECURITY.md promises.
"""
