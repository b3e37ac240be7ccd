"""What has the names of aiortc's modules: here, and in its place in a whole program."""

import json
import os
import sys
import warnings
from importlib import import_module
from types import ModuleType
from typing import Any

from peer.transports import load_all, stock

from .api import JsepTypeError, RTCConfiguration, set_default_configuration

_peer = sys.modules[__name__.rpartition(".")[0]]
"""The package this is in."""
CONFIGURATION_VARIABLE = "AIOPEER_CONFIGURATION"
"""Settings of a process as a JSON object with the members of `RTCConfiguration`."""
LIVE = ("rtcsctptransport",)
"""Modules of aiortc that run here under a stand-in: what is set in them takes effect."""
STANDING_IN = (
    "contrib",
    "contrib.media",
    "exceptions",
    "rtcconfiguration",
    "rtcdatachannel",
    "rtcdtlstransport",
    "rtcicetransport",
    "rtcpeerconnection",
    "rtcrtpparameters",
    "rtcrtpreceiver",
    "rtcrtpsender",
    "rtcrtptransceiver",
    "rtcsctptransport",
    "rtcsessiondescription",
    "sdp",
    "stats",
)
"""Modules that are others than aiortc's; the rest of aiortc is as good as it is."""


class StandIn(ModuleType):
    """A module with the name of one of aiortc's.

    Names it does not define are those of `peer`, then those of aiortc's module. What is set in it
    is set in aiortc's where that runs here; elsewhere nothing reads it, and a warning says so.
    """

    def __getattr__(self, name: str) -> Any:
        if name in _peer.__all__:
            return getattr(_peer, name)
        return getattr(stock(_tail(self)), name)

    def __setattr__(self, name: str, value: object) -> None:
        if self._is_live(name):
            setattr(stock(_tail(self)), name, value)
            return
        if not (name.startswith("__") or isinstance(value, ModuleType)):
            text = f"nothing reads {self.__name__}.{name}: to set it changes nothing"
            warnings.warn(text, RuntimeWarning, stacklevel=2)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        if self._is_live(name):
            delattr(stock(_tail(self)), name)
        else:
            super().__delattr__(name)

    def _is_live(self, name: str) -> bool:
        return _tail(self) in LIVE and name not in vars(self) and not name.startswith("__")


class Aiortc(ModuleType):
    """What ``import aiortc`` gives when this package is in its place."""

    def __getattr__(self, name: str) -> Any:
        module = sys.modules.get(f"{self.__name__}.{name}")
        if module is not None:
            return module
        return getattr(_peer if name in _peer.__all__ else stock(), name)


def stand_in(name: str) -> None:
    """Make a module that is being imported a `StandIn`."""
    sys.modules[name].__class__ = StandIn


def install_as_aiortc(configuration: RTCConfiguration | dict[str, Any] | None = None) -> None:
    """Have ``import aiortc``, anywhere in this process from now on, give this package.

    It comes before the first import of a library that uses aiortc; who has imported it already is
    named in a RuntimeWarning. Calling it again changes the settings alone: those of
    `configuration`, else of the environment variable AIOPEER_CONFIGURATION (a JSON object), count
    wherever a program's own configuration says nothing. Raises what `RTCPeerConnection` does of a
    wrong configuration.
    """
    set_default_configuration(_from_environment() if configuration is None else configuration)
    if isinstance(sys.modules.get("aiortc"), Aiortc):
        return
    load_all("aiortc", "peer.transports", "peer.media")
    late = sorted(_importers())
    aiortc = Aiortc("aiortc", stock().__doc__)
    for name in ("__all__", "__file__", "__loader__", "__path__", "__spec__", "__version__"):
        setattr(aiortc, name, getattr(stock(), name))
    sys.modules["aiortc"] = aiortc
    for name in STANDING_IN:
        sys.modules[f"aiortc.{name}"] = import_module(f"{_peer.__name__}.{name}")
    if late:
        text = f"aiortc itself stays in use in what was imported before: {', '.join(late)}"
        warnings.warn(text, RuntimeWarning, stacklevel=2)


def _from_environment() -> dict[str, Any] | None:
    text = os.environ.get(CONFIGURATION_VARIABLE)
    if not text:
        return None
    try:
        found = json.loads(text)
    except ValueError as error:
        raise JsepTypeError(f"{CONFIGURATION_VARIABLE} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise JsepTypeError(f"{CONFIGURATION_VARIABLE} is no JSON object")
    return found


def _importers() -> set[str]:
    """Name the modules of others that hold something of aiortc for which there is a stand-in."""
    replaced = {stock(), *(stock(name) for name in STANDING_IN)}
    held = {id(one) for one in replaced}
    held |= {
        id(value)
        for module in replaced
        for name, value in vars(module).items()
        if name in _peer.__all__ and getattr(_peer, name) is not value
    }
    ours = ("aiortc", "peer")
    return {
        name
        for name, module in sys.modules.copy().items()
        if name.partition(".")[0] not in ours
        and any(id(value) in held for value in list(getattr(module, "__dict__", {}).values()))
    }


def _tail(module: ModuleType) -> str:
    """Give the name of a module within its package."""
    return module.__name__.partition(".")[2]
