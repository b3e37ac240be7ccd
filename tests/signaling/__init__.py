"""Tests of signaling that others speak."""
