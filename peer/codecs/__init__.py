"""aiortc's codecs, the very modules: what a program sets there, such as bit rates, takes effect."""

import sys

from peer.transports import h264, opus, vpx

__all__ = ["h264", "opus", "vpx"]

for _name, _module in (("h264", h264), ("opus", opus), ("vpx", vpx)):
    sys.modules[f"{__name__}.{_name}"] = _module
