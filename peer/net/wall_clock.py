"""The time of day, on the clock of the event loop."""

import asyncio
import time
from weakref import WeakKeyDictionary

_origins: WeakKeyDictionary[asyncio.AbstractEventLoop, float] = WeakKeyDictionary()


def wall_time() -> float:
    """Return the seconds since 1970, which run as the loop's clock does.

    So they agree with what is measured on that clock, also when the machine's is set, and in
    virtual time. Outside of a loop it is the machine's time.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return time.time()
    origin = _origins.get(loop)
    if origin is None:
        origin = _origins[loop] = time.time() - loop.time()
    return origin + loop.time()
