"""What a machine may run out of: files, buffers, memory, threads."""

import errno

_NUMBERS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


def is_exhausted(error: OSError | MemoryError) -> bool:
    """Tell whether the machine has no more of something, so that trying later may do."""
    return isinstance(error, MemoryError) or error.errno in _NUMBERS


def is_taken(error: OSError | MemoryError) -> bool:
    """Tell whether somebody else has the port, or it is not for us."""
    return isinstance(error, OSError) and error.errno in (errno.EADDRINUSE, errno.EACCES)


def shortage(error: OSError | MemoryError) -> str:
    """Say what is missing, without the names and addresses that errors carry."""
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__
