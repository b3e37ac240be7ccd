"""Tools for testing programs that make calls: whole calls in virtual time."""

from .loop import StalledError, VirtualLoop, run

__all__ = ["StalledError", "VirtualLoop", "run"]
