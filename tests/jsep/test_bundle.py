"""Grouping: what to offer and what to accept, as plain functions (RFC 9143 §7)."""

import pytest

from peer.jsep import BundlePolicy, SdpType
from peer.jsep.bundle import bundle_only_sections, decide, offer_groups
from peer.jsep.description import SessionDescription, parse_description, read_description
from tests.jsep.ends import make_end
from tests.jsep.texts import with_groups

SECTIONS = [("0", "audio"), ("1", "audio"), ("2", "video"), ("3", "application"), ("4", "video")]


@pytest.mark.parametrize(
    ("policy", "marked"),
    [
        (BundlePolicy.BALANCED, "1 4"),
        (BundlePolicy.MAX_COMPAT, ""),
        (BundlePolicy.MAX_BUNDLE, "1 2 3 4"),
    ],
)
def test_bundle_only(policy: BundlePolicy, marked: str) -> None:
    """RFC 9429 §4.1.1."""
    mids = frozenset(mid for mid, _ in SECTIONS)
    assert bundle_only_sections(SECTIONS, policy, mids) == set(marked.split())
    assert bundle_only_sections(SECTIONS, policy, frozenset("4")) == set(marked.split()) & {"4"}


@pytest.mark.parametrize(
    ("live", "previous", "new", "excluded", "groups"),
    [
        ("012", (), "012", "", ("012",)),
        ("012", (), "2", "1", ("02",)),
        ("", (), "", "", ()),
        ("0123", ("01", "2"), "3", "", ("013", "2")),
        ("13", ("012",), "3", "", ("13",)),
        ("013", ("10",), "3", "", ("103",)),
        ("23", ("01", "2"), "3", "", ("23",)),
        ("0", ("1",), "", "", ()),
    ],
)
def test_groups_to_offer(
    live: str, previous: tuple[str, ...], new: str, excluded: str, groups: tuple[str, ...]
) -> None:
    """RFC 9429 §5.2.2: what was bundled stays so, new sections join."""
    found = offer_groups(tuple(live), tuple(map(tuple, previous)), new, frozenset(excluded))
    assert found == tuple(map(tuple, groups))


def an_offer(*groups: str) -> SessionDescription:
    end = make_end(0, bundle_policy=BundlePolicy.MAX_COMPAT)
    for kind in ("audio", "audio", "video", "video"):
        end.add(kind)
    text = with_groups(end.offer(), *groups)
    return read_description(SdpType.OFFER, text, parse_description(SdpType.OFFER, text), ())


@pytest.mark.parametrize(
    ("groups", "acceptable", "owners"),
    [
        (("0 1 2 3",), "0123", "0000"),
        (("0 1 2 3",), "123", "-111"),
        (("2 0 1",), "0123", "2223"),
        (("2 0 1",), "013", "00-3"),
        (("0 1", "2 3"), "0123", "0022"),
        (("0 1", "2 3"), "13", "-1-3"),
        ((), "0123", "0123"),
        (("0 1",), "", "----"),
    ],
)
def test_who_uses_whose_transport(groups: tuple[str, ...], acceptable: str, owners: str) -> None:
    """RFC 9143 §7.3.1: the first of the group that is accepted is the tag."""
    decision = decide(
        an_offer(*groups), frozenset(acceptable), BundlePolicy.MAX_COMPAT, accepts_all=False
    )
    expected = {str(mid): owner for mid, owner in enumerate(owners) if owner != "-"}
    assert dict(decision.owners) == expected
    for group in decision.groups:
        assert {decision.owners[mid] for mid in group} == {group[0]}


def test_balanced_accepts_the_group_of_the_first_of_a_kind() -> None:
    """RFC 9429 §5.3.1."""
    for groups, accepted in ((("0 1",), {"0", "1", "2"}), (("1 3",), {"0", "2"})):
        decision = decide(
            an_offer(*groups), frozenset("0123"), BundlePolicy.BALANCED, accepts_all=False
        )
        assert decision.owners.keys() == accepted
