"""The permissions of an allocation (RFC 8656 §9, §10): which, since when, and what is due."""

from collections.abc import Sequence
from math import inf

from .config import TurnConfig


class _Permission:
    __slots__ = ("alone", "expires", "host", "in_flight", "refresh_at", "wanted")

    def __init__(self, host: str) -> None:
        self.host = host
        self.wanted = True
        self.in_flight = False
        self.alone = False
        self.expires = -inf
        self.refresh_at = -inf


class Permissions:
    """Permissions by IP address. It decides what to ask for; sending is somebody else's."""

    def __init__(self, config: TurnConfig) -> None:
        self._config = config
        self._by_host: dict[str, _Permission] = {}
        self._next_time: float | None = None

    def want(self, host: str) -> bool:
        """Keep a permission for `host` from now on; False when there is no room for more."""
        self._next_time = None
        permission = self._by_host.get(host)
        if permission is not None:
            permission.wanted = True
            return True
        if len(self._by_host) >= self._config.max_peers:
            return False
        self._by_host[host] = _Permission(host)
        return True

    def drop(self, host: str) -> None:
        """Refresh the permission no more; the server keeps it until it expires."""
        self._next_time = None
        permission = self._by_host.get(host)
        if permission is None:
            return
        permission.wanted = False
        if permission.expires == -inf and not permission.in_flight:
            del self._by_host[host]

    def hosts(self) -> tuple[str, ...]:
        """The IP addresses a permission is wanted for."""
        return tuple(host for host, permission in self._by_host.items() if permission.wanted)

    def due(self, now: float) -> tuple[str, ...]:
        """The addresses to put into one CreatePermission request now, empty if none."""
        self._forget_expired(now)
        ready = [p for p in self._by_host.values() if self._is_ready(p) and p.refresh_at <= now]
        together = [p.host for p in ready if not p.alone][: self._config.permission_batch]
        return tuple(together or [p.host for p in ready[:1]])

    def next_time(self) -> float:
        """When `due` will have something, infinity for never."""
        if self._next_time is None:
            ready = (p.refresh_at for p in self._by_host.values() if self._is_ready(p))
            self._next_time = min(ready, default=inf)
        return self._next_time

    def renew(self, now: float) -> None:
        """Ask for all of them again."""
        self._next_time = None
        for permission in self._by_host.values():
            permission.refresh_at = min(permission.refresh_at, now)

    def sent(self, hosts: Sequence[str]) -> None:
        """A CreatePermission request for `hosts` has left."""
        self._next_time = None
        for permission in self._find(hosts):
            permission.in_flight = True

    def granted(self, hosts: Sequence[str], sent_at: float) -> list[str]:
        """The request sent at `sent_at` has succeeded; returns the addresses new to it.

        The time counts from the sending, which is never later than the server's own count.
        """
        self._next_time = None
        fresh = []
        for permission in self._find(hosts):
            if permission.expires <= sent_at:
                fresh.append(permission.host)
            permission.in_flight = False
            permission.alone = False
            permission.expires = sent_at + self._config.permission_lifetime
            permission.refresh_at = sent_at + self._config.permission_refresh
        return fresh

    def refused(self, hosts: Sequence[str]) -> list[str]:
        """The server has refused the request; returns the addresses this is final for.

        It does not say which address it minds: each of several is asked for alone next.
        """
        self._next_time = None
        if len(hosts) == 1:
            self._by_host.pop(hosts[0], None)
            return list(hosts)
        for permission in self._find(hosts):
            permission.in_flight = False
            permission.alone = True
            permission.refresh_at = -inf
        return []

    def unanswered(self, hosts: Sequence[str], now: float, retry_at: float) -> list[str]:
        """The request got no useful answer; returns the addresses given up, having no permission.

        Permissions still in force are refreshed again at `retry_at`.
        """
        self._next_time = None
        lost = []
        for permission in self._find(hosts):
            permission.in_flight = False
            permission.refresh_at = retry_at
            if permission.expires <= now:
                lost.append(permission.host)
                del self._by_host[permission.host]
        return lost

    def refreshed(self, host: str, sent_at: float) -> list[str]:
        """A ChannelBind sent at `sent_at` has succeeded: as good as CreatePermission (§9).

        The permission is wanted from then on, for it expires before the channel does.
        """
        self._next_time = None
        permission = self._by_host.setdefault(host, _Permission(host))
        in_flight = permission.in_flight
        fresh = self.granted((host,), sent_at)
        permission.wanted = True
        permission.in_flight = in_flight
        return fresh

    def allows(self, host: str, now: float) -> bool:
        """Tell whether the permission for `host` is active."""
        permission = self._by_host.get(host)
        return permission is not None and now < permission.expires

    def was_granted(self, host: str) -> bool:
        """Tell whether the permission was granted and has not been withdrawn since."""
        permission = self._by_host.get(host)
        return permission is not None and permission.expires > -inf

    @staticmethod
    def _is_ready(permission: _Permission) -> bool:
        return permission.wanted and not permission.in_flight

    def _find(self, hosts: Sequence[str]) -> list[_Permission]:
        return [self._by_host[host] for host in hosts if host in self._by_host]

    def _forget_expired(self, now: float) -> None:
        for permission in list(self._by_host.values()):
            if not permission.wanted and not permission.in_flight and permission.expires <= now:
                del self._by_host[permission.host]
