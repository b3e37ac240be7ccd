"""Copies of records."""

import dataclasses
from typing import Any

import pytest

from sdp import Fingerprint, parse, replace
from sdp.records import replace as same

OFFER = "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"


def test_a_copy_has_other_values_where_told() -> None:
    description = parse(OFFER)
    copy = replace(description, origin=replace(description.origin, session_id=7))
    assert copy == dataclasses.replace(description, origin=copy.origin)
    assert copy.origin.session_id == 7
    assert description.origin.session_id == 1


def test_a_copy_without_changes_is_equal() -> None:
    description = parse(OFFER)
    copy = replace(description)
    assert copy == description
    assert copy is not description


def test_a_copy_of_a_subclass_has_the_fields_of_both() -> None:
    @dataclasses.dataclass(frozen=True, slots=True)
    class Base:
        one: int

    @dataclasses.dataclass(frozen=True, slots=True)
    class Derived(Base):
        two: int = 2

    copy = replace(Derived(1), one=3)
    assert (copy, type(copy)) == (Derived(3, 2), Derived)


def test_an_unknown_field_is_refused() -> None:
    changes: dict[str, Any] = {"hash": "sha-1"}
    with pytest.raises(TypeError, match="has no field 'hash'"):
        replace(Fingerprint("sha-256", "00"), **changes)


def test_it_is_one_of_the_public_names() -> None:
    assert replace is same
