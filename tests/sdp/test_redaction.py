"""Descriptions without their secrets."""

import pytest

from sdp import redact


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1", "a=ice-pwd:***"),
        ("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGw|2^20", "a=crypto:***"),
        ("a=key-mgmt:mikey AQAFgM0XflABAAAAAAAAAAAAAAsAyONQ6gAAAAAGEEoo2pee4hp2", "a=key-mgmt:***"),
        ("k=clear:secret", "k=***"),
        (" \ta=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1", " \ta=ice-pwd:***"),
        ("a=ice-ufrag:EsAw", "a=ice-ufrag:EsAw"),
        ("a=mid:a=ice-pwd:", "a=mid:a=ice-pwd:"),
    ],
)
@pytest.mark.parametrize("end", ["\r\n", "\n", ""])
def test_what_is_left_of_a_line(line: str, shown: str, end: str) -> None:
    assert redact(f"v=0\r\n{line}{end}") == f"v=0\r\n{shown}{end}"
