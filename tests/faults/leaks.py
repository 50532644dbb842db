"""Whether a secret stands anywhere in what a deployment keeps or says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.journeys.house import House


def leaks(school: House) -> list[str]:
    """Where a secret of the deployment, or a token made of one, stands in what it keeps or says."""
    app = school.simulator.app
    words = [app["key"], app["secret"], app["certificate"]]
    words += ["access-key-of-the-test", "secret-key-of-the-test", "007eJx"]
    found = []
    texts = {f"Redis {key}": text for key, text in _everything_in(school)}
    for path in school.base.rglob("*"):
        if path.is_file():
            texts[path.name] = path.read_bytes()
    for where, text in texts.items():
        found += [f"{where} holds {word[:4]}..." for word in words if word.encode() in text]
    return found


def _everything_in(school: House) -> Iterator[tuple[str, bytes]]:
    client: Any = school.wiring.store.client
    for key in client.scan_iter(f"recorder:{{{school.settings.namespace}}}:*", count=1000):
        kind = client.type(key).decode()
        read: dict[str, Callable[[], Any]] = {
            "string": lambda key=key: client.get(key),
            "hash": lambda key=key: client.hgetall(key),
            "list": lambda key=key: client.lrange(key, 0, -1),
            "set": lambda key=key: client.smembers(key),
            "zset": lambda key=key: client.zrange(key, 0, -1),
            "stream": lambda key=key: client.xrange(key),
            "none": lambda: None,  # it has run out since
        }
        yield key.decode(), key + repr(read[kind]()).encode()
