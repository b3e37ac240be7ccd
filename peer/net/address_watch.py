"""When a driver looks at the addresses again."""

import asyncio

from .config import NetConfig
from .watching import Changed, Watch


class AddressWatch:
    """Calls `changed` when the system says that addresses changed, and every so often if wanted."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, config: NetConfig, changed: Changed
    ) -> None:
        self._loop = loop
        self._config = config
        self._changed = changed
        self._watch: Watch | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin, if it has not."""
        config = self._config
        if config.watch and config.addresses is None and self._watch is None:
            self._watch = config.system.watch(self._changed)
        if config.poll_interval is not None and self._timer is None:
            self._timer = self._loop.call_later(config.poll_interval, self._look)

    def _look(self) -> None:
        self._timer = None
        self.start()
        self._changed()

    def close(self) -> None:
        """End it."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
