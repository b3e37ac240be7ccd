"""Objects that emit events, to listeners as aiortc has them and to listeners as the W3C does."""

from collections.abc import Callable
from functools import partial
from typing import Any, Generic, Self, TypeVar, overload

from peer.transports import Emitter

from .errors import JsepTypeError
from .events import Event

E = TypeVar("E", bound=Event)


class EventTarget(Emitter):
    """Calls listeners, those of `on` with bare arguments and the W3C's with an event.

    Listeners may be coroutine functions. What they raise goes to ``on("error")`` as with aiortc,
    without such listeners to the event loop's exception handler; the others are called all the
    same.
    """

    def __init__(self) -> None:
        super().__init__()
        self._handlers: dict[str, partial[object]] = {}

    def addEventListener(
        self, name: str, listener: Callable[[Any], object], options: object = None
    ) -> None:
        """Call `listener` with the event; once for all when ``options["once"]`` is true.

        A listener that is there already is not added again.
        """
        key = _key(name)
        if not callable(listener):
            raise JsepTypeError("a listener is a function")
        if listener in self.listeners(key):
            return
        once = isinstance(options, dict) and bool(options.get("once"))
        (self.once if once else self.add_listener)(key, listener)

    def removeEventListener(self, name: str, listener: Callable[[Any], object]) -> None:
        """Take back what `addEventListener` did, if it did."""
        key = _key(name)
        if listener in self.listeners(key):
            self.remove_listener(key, listener)

    def has_listener(self, name: str) -> bool:
        """Tell whether anybody listens to an event, in whichever form."""
        return self.has_handler(name) or self.has_handler(_key(name))

    def dispatch(self, name: str, event: Event, *args: object) -> None:
        """Give `args` to the listeners of `on` and `event` to those of the W3C's kind."""
        # To emit to nobody costs more than to look; messages come by the thousand.
        if self.has_handler(name):
            self.emit(name, *args)
        key = _key(name)
        if self.has_handler(key):
            self.emit(key, event)

    def announce(self, name: str) -> None:
        """Dispatch an event that has nothing to say; it is made when somebody listens."""
        if self.has_listener(name):
            self.dispatch(name, Event(name))

    def handler_failed(self, event: str, error: BaseException) -> None:
        """Tell of what a listener raised, which is an event for the listeners of `on` alone."""
        super().handler_failed(event.removeprefix("on"), error)

    def remove_all_listeners(self, event: str | None = None) -> None:
        """Remove the listeners of `on` for an event; None: all listeners and handlers."""
        super().remove_all_listeners(event)
        if event is None:
            self._handlers.clear()

    def handler(self, name: str) -> Callable[[Any], object] | None:
        """Give what was set as the ``on...`` attribute of an event."""
        found = self._handlers.get(name)
        return None if found is None else found.func

    def set_handler(self, name: str, handler: Callable[[Any], object] | None) -> None:
        """Set the ``on...`` attribute of an event, None to clear it; `EventHandler` is for that."""
        if handler is not None and not callable(handler):
            raise JsepTypeError(f"on{name} is a function or None")
        before = self._handlers.pop(name, None)
        if before is not None:
            self.remove_listener(_key(name), before)
        if handler is not None:
            # Wrapped, to be another listener than the same function added with addEventListener.
            self._handlers[name] = partial(handler)
            self.add_listener(_key(name), self._handlers[name])


class EventHandler(Generic[E]):
    """An ``on...`` attribute: ``onmessage = EventHandler[MessageEvent]()``."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._event = name.removeprefix("on")

    @overload
    def __get__(self, target: None, owner: type) -> Self: ...

    @overload
    def __get__(self, target: EventTarget, owner: type) -> Callable[[E], object] | None: ...

    def __get__(
        self, target: EventTarget | None, owner: type
    ) -> Self | Callable[[E], object] | None:
        return self if target is None else target.handler(self._event)

    def __set__(self, target: EventTarget, handler: Callable[[E], object] | None) -> None:
        target.set_handler(self._event, handler)


def _key(name: str) -> str:
    """Name the listeners of the W3C's kind, apart from those of `on`."""
    return f"on{name}"
