"""How we speak to Redis: short time-outs of our own, one retry at most, so that a call is bounded."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

CONNECT = 2.0  # seconds
ANSWER = 3.0  # seconds; redis-py's own retries would stretch a time-out to minutes


def connect(url: str, *, answer: float = ANSWER) -> redis.Redis:
    """A client for redis://, rediss://, unix:// or sentinel://host:port,host:port/master/db."""
    options: dict[str, Any] = {
        "socket_connect_timeout": CONNECT,
        "socket_timeout": answer,
        "retry": Retry(NoBackoff(), 1),
        "retry_on_error": [redis.ConnectionError],
        "health_check_interval": 15,
        "client_name": "recorder",
        "decode_responses": False,
    }
    if url.startswith("sentinel://"):
        return _by_sentinel(url, options)
    return redis.Redis.from_url(url, **options)


def _by_sentinel(url: str, options: dict[str, Any]) -> redis.Redis:
    parts = urlsplit(url)
    login, _, hosts = parts.netloc.rpartition("@")
    nodes = []
    for host in hosts.split(","):
        name, _, port = host.partition(":")
        nodes.append((name, int(port or 26379)))
    master, _, database = parts.path.strip("/").partition("/")
    if not master:
        raise ValueError(
            "redis_url: a sentinel URL names the master: sentinel://host:port,host:port/master/db"
        )
    password = unquote(login.partition(":")[2]) or None
    sentinel = Sentinel(nodes, sentinel_kwargs={"socket_timeout": CONNECT}, password=password, **options)
    found: redis.Redis = sentinel.master_for(master, db=int(database or 0))
    return found
