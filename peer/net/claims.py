"""Which of those who share a UDP port has its peer at a remote address.

Data says nothing of who it is for; its source has to. So an address belongs to one of them at a
time. Whoever has it proven, by a response that only somebody there can have sent, keeps it until
its peer has been silent for `HOLD` seconds; else a check with a forged source, of which anybody
is capable who is the peer of another connection, would take the data of others away. What is not
proven gives way to what is.
"""

from typing import Generic, TypeVar

HOLD = 7.0
"""Seconds an address stays its owner's after the last check or response: consent is asked for
every 4 to 6 s (RFC 7675 §5.1)."""
MAX_ADDRESSES = 64
"""Addresses of one owner."""

Address = tuple[str, int]
T = TypeVar("T")


class Claim(Generic[T]):
    """Who has an address, whether that is proven, and when its peer was heard there."""

    __slots__ = ("heard", "owner", "proven")

    def __init__(self, owner: T, heard: float, *, proven: bool) -> None:
        self.owner = owner
        self.heard = heard
        self.proven = proven

    def gives_way(self, now: float, *, proven: bool) -> bool:
        """Tell whether somebody else may have the address."""
        stale = now >= self.heard + HOLD
        return (stale or not self.proven) if proven else (stale and not self.proven)


class Claims(Generic[T]):
    """Remote addresses and their owners; a lookup takes as long among many as among few."""

    __slots__ = ("_by_address", "_by_owner")

    def __init__(self) -> None:
        self._by_address: dict[Address, Claim[T]] = {}
        self._by_owner: dict[T, dict[Address, None]] = {}

    def __len__(self) -> int:
        return len(self._by_address)

    def owner(self, address: Address) -> T | None:
        """Give who has an address."""
        claim = self._by_address.get(address)
        return None if claim is None else claim.owner

    def hear(self, address: Address, caller: T, now: float) -> bool:
        """Note a check that somebody's peer sends from an address; False when it is another's."""
        claim = self._by_address.get(address)
        if claim is None:
            return True
        if claim.owner is caller:
            claim.heard = now
            return True
        return claim.gives_way(now, proven=True)

    def take(self, address: Address, caller: T, now: float, *, proven: bool) -> bool:
        """Give an address to somebody unless it is another's; False when they have too many."""
        claim = self._by_address.get(address)
        if claim is not None and claim.owner is caller:
            claim.proven = claim.proven or proven
            claim.heard = now
            return True
        if claim is not None and not claim.gives_way(now, proven=proven):
            return True
        mine = self._by_owner.setdefault(caller, {})
        if len(mine) >= MAX_ADDRESSES:
            return False
        if claim is not None:
            self.release(address, claim.owner)
        mine[address] = None
        self._by_address[address] = Claim(caller, now, proven=proven)
        return True

    def release(self, address: Address, caller: T) -> None:
        """Free an address, if it is still the caller's."""
        claim = self._by_address.get(address)
        if claim is None or claim.owner is not caller:
            return
        del self._by_address[address]
        mine = self._by_owner[caller]
        del mine[address]
        if not mine:
            del self._by_owner[caller]

    def release_all(self, caller: T) -> None:
        """Free what somebody has."""
        for address in list(self._by_owner.get(caller, ())):
            self.release(address, caller)
