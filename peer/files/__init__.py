"""Files over a data channel: whole or not at all, and resumed where a call broke."""

from .channel import FileChannel
from .protocol import TransferError

__all__ = ["FileChannel", "TransferError"]
