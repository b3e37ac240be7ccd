"""The browsers of a test run: started when first needed, shared, started again when lost."""

from .browser import Browser
from .launch import launch


class BrowserPool:
    """At most one browser of a kind, and one more that hides this host's addresses."""

    def __init__(self) -> None:
        self._browsers: dict[tuple[str, bool], Browser] = {}

    async def get(self, kind: str, *, mdns: bool = False) -> Browser:
        """Give a browser that runs."""
        browser = self._browsers.get((kind, mdns))
        if browser is not None and browser.is_running:
            return browser
        if browser is not None:
            del self._browsers[kind, mdns]
            await browser.close()
        browser = await launch(kind, mdns=mdns)
        self._browsers[kind, mdns] = browser
        return browser

    async def close(self) -> None:
        """End them all."""
        while self._browsers:
            _, browser = self._browsers.popitem()
            await browser.close()
