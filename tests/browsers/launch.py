"""Starting a browser by its name."""

from .browser import Browser
from .chromium import Chromium
from .firefox import Firefox

KINDS: dict[str, type[Chromium] | type[Firefox]] = {"chromium": Chromium, "firefox": Firefox}


async def launch(kind: str, *, mdns: bool = False) -> Browser:
    """Start a browser; with `mdns` pages see names instead of this host's addresses.

    Skips the test when the browser is not installed, or fails it where CI is set.
    """
    return await KINDS[kind].launch(mdns=mdns)
