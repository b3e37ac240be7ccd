"""aiortc's codecs, the very modules: what a program sets there, such as bit rates, takes effect.

`CODECS` and `HEADER_EXTENSIONS` are what aiortc offers, to be looked at: what is offered here,
`RTCRtpTransceiver.setCodecPreferences` chooses.
"""

import sys

from peer.transports import (
    CODECS,
    HEADER_EXTENSIONS,
    Decoder,
    Encoder,
    depayload,
    g711,
    g722,
    get_capabilities,
    get_decoder,
    get_encoder,
    h264,
    is_rtx,
    opus,
    stock,
    vpx,
)

__all__ = [
    "CODECS",
    "Decoder",
    "Encoder",
    "HEADER_EXTENSIONS",
    "depayload",
    "g711",
    "g722",
    "get_capabilities",
    "get_decoder",
    "get_encoder",
    "h264",
    "is_rtx",
    "opus",
    "vpx",
]

base = stock("codecs.base")
for _name in ("base", "g711", "g722", "h264", "opus", "vpx"):
    sys.modules[f"{__name__}.{_name}"] = stock(f"codecs.{_name}")
