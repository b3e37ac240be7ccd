"""Whether a socket has more to read, for less than failing to read costs."""

import sys

if sys.platform == "win32":

    def is_empty(fd: int, buffer: bytearray) -> bool:
        """Windows does not tell: False."""
        return False

else:
    import fcntl
    import termios

    _NOTHING = bytes(4)

    def is_empty(fd: int, buffer: bytearray) -> bool:
        """Tell whether nothing waits to be read; False when the system does not tell.

        `buffer` takes the answer: four bytes, of the caller's own as long as there are threads.
        """
        try:
            fcntl.ioctl(fd, termios.FIONREAD, buffer)
        except OSError:
            return False
        return buffer == _NOTHING
