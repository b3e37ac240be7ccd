"""Who has a remote address, among those who share a port."""

from hypothesis import given
from hypothesis import strategies as st

from peer.net.claims import HOLD, MAX_ADDRESSES, Claims

X = ("192.0.2.1", 5000)


def test_who_comes_first_has_a_free_address() -> None:
    claims: Claims[str] = Claims()
    assert claims.owner(X) is None
    assert claims.take(X, "a", 0.0, proven=False)
    assert claims.owner(X) == "a"
    claims.take(X, "b", 1.0, proven=False)
    assert claims.owner(X) == "a"


def test_what_is_proven_takes_what_is_not() -> None:
    claims: Claims[str] = Claims()
    claims.take(X, "a", 0.0, proven=False)
    assert claims.hear(X, "b", 0.0)
    claims.take(X, "b", 0.0, proven=True)
    assert claims.owner(X) == "b"


def test_a_forged_source_takes_nothing_away() -> None:
    """Whatever the peer of another connection sends from there: it gets no answers."""
    claims: Claims[str] = Claims()
    claims.take(X, "a", 0.0, proven=True)
    assert not claims.hear(X, "b", HOLD - 0.1)
    claims.take(X, "b", 1000.0, proven=False)
    assert claims.owner(X) == "a"


def test_who_is_silent_gives_way_to_who_answers() -> None:
    """A page that was loaded again, behind the same mapping of a NAT."""
    claims: Claims[str] = Claims()
    claims.take(X, "a", 0.0, proven=True)
    claims.hear(X, "a", 2.0)
    claims.take(X, "b", HOLD + 1.9, proven=True)
    assert claims.owner(X) == "a"
    assert claims.hear(X, "b", HOLD + 2.0)
    claims.take(X, "b", HOLD + 2.0, proven=True)
    assert claims.owner(X) == "b"
    claims.release(X, "a")
    assert claims.owner(X) == "b"


def test_addresses_of_one_owner_are_bounded() -> None:
    claims: Claims[str] = Claims()
    taken = [claims.take(("192.0.2.1", port), "a", 0.0, proven=True) for port in range(100)]
    assert taken.count(True) == len(claims) == MAX_ADDRESSES
    claims.release_all("a")
    assert len(claims) == 0


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["hear", "take", "prove", "release", "leave"]),
            st.sampled_from("abc"),
            st.integers(0, 3),
            st.floats(0, 10),
        )
    )
)
def test_who_owns_and_what_is_owned_agree(steps: list[tuple[str, str, int, float]]) -> None:
    claims: Claims[str] = Claims()
    now = 0.0
    for step, who, port, later in steps:
        now += later
        address = ("192.0.2.1", port)
        before = claims.owner(address)
        match step:
            case "hear":
                claims.hear(address, who, now)
                assert claims.owner(address) == before
            case "release":
                claims.release(address, who)
                assert claims.owner(address) == (None if before == who else before)
            case "leave":
                claims.release_all(who)
                assert claims.owner(address) == (None if before == who else before)
            case _:
                assert claims.take(address, who, now, proven=step == "prove")
                assert claims.owner(address) in (before, who)
                assert claims.owner(address) is not None
    owned = sum(claims.owner(("192.0.2.1", port)) is not None for port in range(4))
    assert len(claims) == owned
    for who in "abc":
        claims.release_all(who)
    assert len(claims) == 0
