"""Codecs and the shapes of media."""
