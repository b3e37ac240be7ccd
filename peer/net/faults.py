"""What the system refuses when datagrams are sent and sockets are opened, by name."""

import enum
import errno
from collections import Counter


class Fault(enum.Enum):
    """What was wrong; the value is the name it is counted under."""

    UNREACHABLE = "unreachable"
    """No way to a remote address: no route, or not from this address any more."""
    ADDRESS_GONE = "address-gone"
    """The local address or its interface is not there."""
    TOO_LONG = "too-long"
    """A datagram is longer than the way takes (EMSGSIZE)."""
    BUFFER_FULL = "buffer-full"
    """The system has no room for another datagram at the moment (EAGAIN, ENOBUFS)."""
    RUN_REFUSED = "run-refused"
    """Several datagrams in one call were refused; they were sent one by one."""
    EXHAUSTED = "exhausted"
    """No more files, memory or threads."""
    PORT_TAKEN = "port-taken"
    """A port that was asked for is somebody else's."""
    FORBIDDEN = "forbidden"
    """A firewall of this machine, or its policy."""
    OTHER = "other"


Faults = Counter[Fault]

_NAMES = {
    Fault.UNREACHABLE: (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN),
    Fault.ADDRESS_GONE: (errno.EADDRNOTAVAIL, errno.ENODEV, errno.ENXIO),
    Fault.TOO_LONG: (errno.EMSGSIZE,),
    Fault.BUFFER_FULL: (errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS),
    Fault.EXHAUSTED: (errno.EMFILE, errno.ENFILE, errno.ENOMEM),
    Fault.PORT_TAKEN: (errno.EADDRINUSE,),
    Fault.FORBIDDEN: (errno.EPERM, errno.EACCES),
}
_BY_NUMBER = {number: fault for fault, numbers in _NAMES.items() for number in numbers}


def fault_of(error: OSError | MemoryError) -> Fault:
    """Name what was wrong."""
    if isinstance(error, MemoryError):
        return Fault.EXHAUSTED
    return _BY_NUMBER.get(error.errno or 0, Fault.OTHER)
