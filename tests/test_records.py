"""Records do as the standard library's dataclasses."""

import copy
import dataclasses
import pickle
import typing
from collections.abc import Hashable
from dataclasses import FrozenInstanceError, field
from typing import Any

import pytest

import sdp
from peer.records import dataclass, replace
from sdp import Fingerprint, parse

OFFER = "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"


@dataclass(frozen=True, slots=True)
class Account:
    """A record with one field of every kind."""

    name: str
    password: str = field(repr=False)
    notes: tuple[str, ...] = ()
    seen: list[int] = field(default_factory=list, compare=False)

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("no name")


@dataclass(frozen=True, slots=True)
class Owner(Account):
    """Inherits its first fields."""

    shares: int = 1


@dataclass(frozen=True, slots=True)
class Nothing:
    """Has no field."""


@dataclass(frozen=True, slots=True)
class Written:
    """Has methods of its own."""

    value: str

    def __repr__(self) -> str:
        return "mine"

    def __hash__(self) -> int:
        return 7


@dataclass(frozen=True, slots=True)
class Named:
    """Has a field by name only."""

    number: int = field(kw_only=True)
    text: str


@dataclass(slots=True)
class Open:
    """Is not frozen."""

    name: str
    items: list[int] = field(default_factory=list)


def test_arguments_fill_the_fields_by_position_and_by_name() -> None:
    owner = Owner("a", password="b", shares=3)
    assert (owner.name, owner.password, owner.notes, owner.seen, owner.shares) == (
        "a", "b", (), [], 3,
    )  # fmt: skip
    assert Account("a", "b", ("c",)).notes == ("c",)


def test_each_record_has_a_default_of_its_own() -> None:
    assert Account("a", "b").seen is not Account("a", "b").seen
    given = [1]
    assert Account("a", "b", seen=given).seen is given


@pytest.mark.parametrize("arguments", [{}, {"name": "a"}, {"name": "a", "password": "b", "c": 1}])
def test_wrong_arguments_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"Account\.__init__\(\)"):
        Account(**arguments)


def test_a_record_checks_itself() -> None:
    with pytest.raises(ValueError, match="no name"):
        Account("", "b")


def test_equality_and_hash_are_of_class_and_compared_fields() -> None:
    one, same, other = Account("a", "b", seen=[1]), Account("a", "b"), Account("a", "c")
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != Owner("a", "b")
    plain: Any = ("a", "b", (), [1])
    assert one != plain
    assert Nothing() == Nothing()
    assert len({Nothing(), Nothing()}) == 1


def test_a_secret_is_not_shown() -> None:
    assert repr(Account("a", "b")) == "Account(name='a', notes=(), seen=[])"
    assert repr(Nothing()) == "Nothing()"


def test_methods_of_the_class_stay() -> None:
    assert (repr(Written("a")), hash(Written("a"))) == ("mine", 7)
    assert Written("a") == Written("a")


@pytest.mark.parametrize("name", ["name", "shares", "unknown"])
def test_nothing_can_be_set_or_deleted(name: str) -> None:
    owner = Owner("a", "b")
    with pytest.raises(FrozenInstanceError, match=name):
        setattr(owner, name, 1)
    with pytest.raises(FrozenInstanceError, match=name):
        delattr(owner, name)
    assert owner == Owner("a", "b")
    assert not hasattr(owner, "__dict__")


def test_tools_for_dataclasses_work() -> None:
    owner = Owner("a", "b")
    assert dataclasses.is_dataclass(Owner)
    assert [one.name for one in dataclasses.fields(Owner)] == list(typing.get_type_hints(Owner))
    assert dataclasses.replace(owner, shares=2) == Owner("a", "b", shares=2)
    assert dataclasses.asdict(Written("a")) == {"value": "a"}
    match owner:
        case Owner(name, password):
            assert (name, password) == ("a", "b")


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_records_can_be_copied_and_pickled(duplicate: Any) -> None:
    owner = Owner("a", "b", seen=[1])
    assert (duplicate(owner), duplicate(owner).seen) == (owner, [1])
    assert pickle.loads(pickle.dumps(owner)) == owner


def test_arguments_by_name_only_are_refused_by_position() -> None:
    assert Named("a", number=2) == Named(number=2, text="a")
    arguments: Any = ("a", 2)
    with pytest.raises(TypeError, match=r"Named\.__init__\(\)"):
        Named(*arguments)  # type: ignore[call-arg]


def test_a_record_that_is_not_frozen_can_be_changed_and_has_no_hash() -> None:
    one = Open("a")
    one.items.append(1)
    one.name = "b"
    assert one == Open("b", [1])
    assert one != Open("b")
    assert repr(one) == "Open(name='b', items=[1])"
    assert not issubclass(Open, Hashable)
    with pytest.raises(AttributeError):
        setattr(one, "other", 1)  # noqa: B010
    assert pickle.loads(pickle.dumps(one)) == one


def test_only_records_with_slots_are_made() -> None:
    with pytest.raises(TypeError, match="only records with slots"):
        dataclass(frozen=True, slots=False)


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
    assert replace(Owner("a", "b"), name="c", shares=2) == Owner("c", "b", shares=2)


def test_an_unknown_field_is_refused() -> None:
    changes: dict[str, Any] = {"hash": "sha-1"}
    with pytest.raises(TypeError, match="has no field 'hash'"):
        replace(Fingerprint("sha-256", "00"), **changes)


def test_it_is_one_of_the_public_names_of_sdp() -> None:
    assert sdp.replace is replace
