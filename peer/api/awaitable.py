"""Methods that act at once, as the W3C has them, and yet are coroutine functions, as in aiortc."""

import asyncio
import functools
import inspect
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import partial
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Homed(Protocol):
    """An object whose methods belong to an event loop."""

    @property
    def event_loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop it runs in, None before it does."""


H = TypeVar("H", bound=Homed)
C = TypeVar("C", bound=Coroutine[Any, Any, Any])


class Done:
    """Everything has happened: awaiting it takes no time."""

    def __await__(self) -> Generator[Any, None, None]:
        return
        yield


class Going:
    """A task that goes on whether it is awaited or not; who gives up waiting does not end it."""

    def __init__(self, task: asyncio.Task[None]) -> None:
        self._task = task

    def __await__(self) -> Generator[Any, None, None]:
        return asyncio.shield(self._task).__await__()


class Ending:
    """What is left to do after a call has returned; it goes on whether it is awaited or not.

    Without a running event loop it begins when it is awaited.
    """

    def __init__(self, finish: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._finish = finish
        self._task: asyncio.Task[None] | None = None
        self.begin()

    def begin(self) -> None:
        """Begin, when there is an event loop and it has not begun."""
        loop = running_loop()
        if self._task is None and loop is not None:
            self._task = loop.create_task(self._finish())

    def __await__(self) -> Generator[Any, None, None]:
        self.begin()
        assert self._task is not None
        return Going(self._task).__await__()


class Elsewhere(Generic[T]):
    """A call in the event loop of another thread; it is made whether this is awaited or not."""

    def __init__(self, loop: asyncio.AbstractEventLoop, call: Callable[[], Awaitable[T]]) -> None:
        async def there() -> T:
            return await call()

        self._outcome = asyncio.run_coroutine_threadsafe(there(), loop)

    def __await__(self) -> Generator[Any, None, T]:
        return asyncio.wrap_future(self._outcome).__await__()


class Begun(Coroutine[Any, Any, T]):
    """A coroutine that waits for the rest of what a call has begun.

    To forget it is no mistake, and warns of nothing. To all who ask it is a coroutine; what is
    not here is that of the one inside.
    """

    def __init__(self, rest: Awaitable[T]) -> None:
        self._inner = _wait(rest)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """What `inspect.iscoroutine` and its like ask for."""
        return types.CoroutineType

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __await__(self) -> Generator[Any, Any, T]:
        # A generator, which refers to this: what awaits it need not.
        return (yield from self._inner.__await__())

    def send(self, value: Any) -> Any:
        """Go on."""
        return self._inner.send(value)

    def throw(self, *error: Any) -> Any:
        """Raise an error where it waits."""
        return self._inner.throw(*error)

    def close(self) -> None:
        """Wait no longer."""
        self._inner.close()

    def __del__(self) -> None:
        self._inner.close()


class _Prompt:
    """A method in the form of an ``async def``, by what inspect and its like look at."""

    def __init__(self, method: Callable[..., Any]) -> None:
        functools.update_wrapper(self, method)
        # Mocks look through it, and would find a plain method.
        del vars(self)["__wrapped__"]
        self._method = method
        self.__code__ = _wait.__code__
        self.__defaults__ = None
        self.__kwdefaults__ = None

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self._method)

    def __get__(self, owner: Homed | None, kind: type) -> Any:
        return self if owner is None else types.MethodType(self, owner)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        # Without names of its own: mocks go by the parameters of this.
        home = args[0].event_loop
        if home is None or not home.is_running() or home is running_loop():
            return self._method(*args, **kwargs)
        return Begun(Elsewhere(home, partial(self._method, *args, **kwargs)))


def prompt(method: Callable[Concatenate[H, P], C]) -> Callable[Concatenate[H, P], C]:
    """Make a coroutine function of a method that acts when it is called.

    What it raises, it raises at once. In a thread other than that of the object's event loop it
    is carried there, and what it raises is raised where the coroutine is awaited. It returns
    `Begun`; to be overridden by an ``async def`` it is declared to return a Coroutine.
    """
    made: Any = _Prompt(method)
    return made  # type: ignore[no-any-return]


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop that runs in this thread, None without one."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def _wait(rest: Awaitable[T]) -> T:
    return await rest
