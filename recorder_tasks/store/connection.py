"""How we speak to Redis: short time-outs of our own, one retry at most, so that a call is bounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import MasterNotFoundError, Sentinel

CONNECT = 2.0  # seconds
ANSWER = 3.0  # seconds; redis-py's own retries would stretch a time-out to minutes
SENTINEL = 0.5  # seconds: there are others to ask, and each may be on a host that is gone
SENTINEL_PORT = 26379
FORM = "sentinel://[user:password@]host:port,host:port/master/db"


def connect(url: str, *, answer: float = ANSWER) -> redis.Redis:
    """A client for redis://, rediss://, unix:// or sentinel://host:port,host:port/master/db.

    A server that turns out to be a replica is left at once: the name in the URL, or Sentinel, may know the
    new primary by now. Raises ValueError for a URL that cannot be read.
    """
    options: dict[str, Any] = {
        "socket_connect_timeout": CONNECT,
        "socket_timeout": answer,
        "retry": Retry(NoBackoff(), 1),
        "retry_on_error": [redis.ConnectionError, redis.exceptions.ReadOnlyError],
        "health_check_interval": 15,
        "client_name": "recorder",
        "decode_responses": False,
    }
    if url.startswith("sentinel://"):
        watched = SentinelUrl.read(url)
        found: redis.Redis = watched.sentinels(**watched.login, **options).master_for(
            watched.master, db=watched.database
        )
        return found
    return redis.Redis.from_url(url, **options)


@dataclass(frozen=True)
class SentinelUrl:
    """``login`` is for Redis; the Sentinels' own password is ``?sentinel_password=`` of the URL."""

    nodes: tuple[tuple[str, int], ...]
    master: str
    database: int
    login: Mapping[str, str] = field(repr=False)
    password: str | None = field(default=None, repr=False)

    @classmethod
    def read(cls, url: str) -> SentinelUrl:
        """Raises ValueError, in a sentence that shows nothing of the URL: it may have a password."""
        parts = urlsplit(url)
        login, _, hosts = parts.netloc.rpartition("@")
        master, _, database = parts.path.strip("/").partition("/")
        query = parse_qs(parts.query)
        if not master or database.strip("0123456789") or set(query) - {"sentinel_password"}:
            raise ValueError(f"redis_url: a sentinel URL names the master: {FORM}")
        user, _, password = login.partition(":")
        given = {"username": unquote(user), "password": unquote(password)}
        return cls(
            nodes=tuple(_node(host) for host in hosts.split(",")),
            master=master,
            database=int(database or 0),
            login={name: value for name, value in given.items() if value},
            password=query.get("sentinel_password", [None])[0],
        )

    @property
    def sentinel_options(self) -> dict[str, Any]:
        """How a Sentinel is spoken to: briefly, and without retries, since another one can be asked."""
        options: dict[str, Any] = {
            "socket_timeout": SENTINEL,
            "socket_connect_timeout": SENTINEL,
            "retry": Retry(NoBackoff(), 0),
        }
        return {**options, "password": self.password} if self.password else options

    def sentinels(self, **options: Any) -> Sentinel:
        """The Sentinels; ``options`` are for the connections to the servers that they watch."""
        return Watchers(list(self.nodes), sentinel_kwargs=self.sentinel_options, **options)


class Watchers(Sentinel):
    """Sentinels that are named when none of them answers."""

    def discover_master(self, service_name: str) -> tuple[str, int]:
        try:
            found: tuple[str, int] = super().discover_master(service_name)
        except MasterNotFoundError:
            kept = [one.connection_pool.connection_kwargs for one in self.sentinels]
            known = ", ".join(sorted(f"{one['host']}:{one['port']}" for one in kept))
            raise MasterNotFoundError(f"no Sentinel of {known} answers for master {service_name}") from None
        return found


def _node(host: str) -> tuple[str, int]:
    name, _, port = host.rpartition(":") if ":" in host else (host, "", str(SENTINEL_PORT))
    if not name or not port.isdecimal():
        raise ValueError(f"redis_url: a Sentinel is host:port, separated by commas: {FORM}")
    return name.strip("[]"), int(port)
