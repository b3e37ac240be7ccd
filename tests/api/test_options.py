"""The W3C's dictionaries: their defaults, and what is refused."""

import math
from typing import Any

import pytest

from peer.api.errors import JsepTypeError
from peer.api.media_stream import MediaStream
from peer.api.options import (
    RTCAnswerOptions,
    RTCDataChannelInit,
    RTCOfferOptions,
    RTCRtpEncodingParameters,
    RTCRtpTransceiverInit,
    check_label,
    scalar_values,
)

CLASSES = [
    RTCOfferOptions,
    RTCAnswerOptions,
    RTCRtpEncodingParameters,
    RTCRtpTransceiverInit,
    RTCDataChannelInit,
]


@pytest.mark.parametrize("cls", CLASSES)
def test_none_an_empty_dictionary_and_an_instance(cls: Any) -> None:
    assert cls.from_value(None) == cls.from_value({}) == cls.from_value(cls()) == cls()
    assert cls.from_value({"unknown": 1}) == cls()
    given = cls()
    assert cls.from_value(given) is not given


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("value", ["x", 1, []])
def test_other_values_are_refused(cls: Any, value: object) -> None:
    with pytest.raises(JsepTypeError):
        cls.from_value(value)


def test_options_of_an_offer() -> None:
    options = RTCOfferOptions.from_value({"iceRestart": True, "offerToReceiveVideo": False})
    assert options == RTCOfferOptions(True, None, False)


STREAM = MediaStream()


def test_options_of_a_transceiver() -> None:
    init = RTCRtpTransceiverInit.from_value(
        {
            "direction": "sendonly",
            "streams": [STREAM],
            "sendEncodings": [
                {"rid": "h", "maxBitrate": 1},
                RTCRtpEncodingParameters(rid="l", active=False, scaleResolutionDownBy=2),
            ],
        }
    )
    assert init == RTCRtpTransceiverInit(
        "sendonly",
        (STREAM,),
        (
            RTCRtpEncodingParameters(rid="h", maxBitrate=1),
            RTCRtpEncodingParameters(rid="l", active=False, scaleResolutionDownBy=2),
        ),
    )
    assert RTCRtpTransceiverInit() == RTCRtpTransceiverInit("sendrecv", (), ())


@pytest.mark.parametrize(
    "given",
    [
        {"direction": "stopped"},
        {"direction": None},
        {"streams": STREAM},
        {"streams": ["stream"]},
        {"sendEncodings": {}},
        {"sendEncodings": "h"},
        {"sendEncodings": [{"rid": "a"}, {}]},
        {"sendEncodings": [{}, {}]},
        {"sendEncodings": [{"rid": "a"}, {"rid": "a"}]},
    ],
)
def test_options_of_a_transceiver_that_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(JsepTypeError):
        RTCRtpTransceiverInit.from_value(given)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"rid": ""}, JsepTypeError),
        ({"rid": "a b"}, JsepTypeError),
        ({"rid": "a" * 17}, JsepTypeError),
        ({"rid": 1}, JsepTypeError),
        ({"active": None}, JsepTypeError),
        ({"priority": "urgent"}, JsepTypeError),
        ({"networkPriority": "urgent"}, JsepTypeError),
        ({"maxBitrate": -1}, JsepTypeError),
        ({"maxBitrate": 2**32}, JsepTypeError),
        ({"maxBitrate": "1"}, JsepTypeError),
        ({"maxFramerate": math.nan}, JsepTypeError),
        ({"maxFramerate": "1"}, JsepTypeError),
        ({"scaleResolutionDownBy": math.inf}, JsepTypeError),
    ],
)
def test_encodings_that_are_refused(given: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        RTCRtpEncodingParameters.from_value(given)
    assert type(caught.value) is error
    with pytest.raises(error):
        RTCRtpTransceiverInit.from_value({"sendEncodings": [given]})


def test_the_edges_of_encodings() -> None:
    given = {"maxFramerate": 0, "scaleResolutionDownBy": 1, "maxBitrate": 0, "priority": "high"}
    assert RTCRtpEncodingParameters.from_value(given).maxFramerate == 0


def test_options_of_a_data_channel() -> None:
    given = {"ordered": False, "maxRetransmits": 65535, "protocol": "x", "priority": "medium"}
    assert RTCDataChannelInit.from_value(given) == RTCDataChannelInit(
        False, None, 65535, "x", False, None, "medium"
    )


def test_the_id_counts_when_negotiated() -> None:
    assert RTCDataChannelInit.from_value({"negotiated": True, "id": 65534}).id == 65534
    assert RTCDataChannelInit.from_value({"negotiated": True, "id": 0}).id == 0
    assert RTCDataChannelInit.from_value({"id": 3}).id is None


@pytest.mark.parametrize(
    "given",
    [
        {"maxPacketLifeTime": 0, "maxRetransmits": 0},
        {"maxPacketLifeTime": -1},
        {"maxPacketLifeTime": 65536},
        {"maxRetransmits": "1"},
        {"maxRetransmits": 65536},
        {"negotiated": True},
        {"negotiated": True, "id": 65535},
        {"negotiated": True, "id": -1},
        {"id": 65536},
        {"protocol": "x" * 65536},
        {"protocol": "\N{EURO SIGN}" * 21846},
        {"protocol": None},
        {"priority": "urgent"},
    ],
)
def test_options_of_a_data_channel_that_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(JsepTypeError):
        RTCDataChannelInit.from_value(given)


def test_labels() -> None:
    assert check_label("label", "x" * 65535) == "x" * 65535
    assert check_label("label", "\N{EURO SIGN}" * 21845) == "\N{EURO SIGN}" * 21845
    for label in ("x" * 65536, "\N{EURO SIGN}" * 21846, None, b"x"):
        with pytest.raises(JsepTypeError):
            check_label("label", label)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("plain", "plain"),
        ("\N{GRINNING FACE}\N{EURO SIGN}", "\N{GRINNING FACE}\N{EURO SIGN}"),
        ("a\ud800b", "a\ufffdb"),
        ("\udc00\ud800", "\ufffd\ufffd"),
    ],
)
def test_surrogates_that_stand_alone(text: str, expected: str) -> None:
    assert scalar_values(text) == expected
