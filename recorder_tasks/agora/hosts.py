"""Which host to ask: the area table and the order after failures (facts 1.1, 1.5)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from urllib.parse import urlsplit

from recorder_tasks.agora.errors import InvalidRequest
from recorder_tasks.agora.words import Area

GLOBAL_SUFFIXES = ("agora.io", "sd-rtn.com")
CHINESE_SUFFIXES = ("sd-rtn.com", "agora.io")


class Failure(StrEnum):
    """Why no answer came; the order of hosts depends on it."""

    DNS = "dns"
    NETWORK = "network"


@dataclass(frozen=True)
class Host:
    """One address of the API; ``prefix`` names a region, ``suffix`` a domain of the vendor's."""

    prefix: str
    suffix: str
    scheme: str = "https"

    @property
    def name(self) -> str:
        return f"{self.prefix}.{self.suffix}" if self.prefix else self.suffix

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.name}"


@dataclass(frozen=True)
class Directory:
    """The hosts that one client may ask, the first of each row being the primary."""

    prefixes: tuple[str, ...]
    suffixes: tuple[str, ...]
    scheme: str = "https"

    def host(self, prefix: str, suffix: str) -> Host:
        return Host(prefix, suffix, self.scheme)

    @property
    def primary(self) -> Host:
        return self.host(self.prefixes[0], self.suffixes[0])


RECORDING = {
    Area.US: Directory(("api-us-west-1", "api-us-east-1"), GLOBAL_SUFFIXES),
    Area.EU: Directory(("api-eu-west-1", "api-eu-central-1"), GLOBAL_SUFFIXES),
    Area.AP: Directory(("api-ap-southeast-1", "api-ap-northeast-1"), GLOBAL_SUFFIXES),
    Area.CN: Directory(("api-cn-east-1", "api-cn-north-1"), CHINESE_SUFFIXES),
}


def channel_directory(area: Area) -> Directory:
    """The hosts of the channel management API, which has no regions (facts 14)."""
    return Directory(("api",), CHINESE_SUFFIXES if area is Area.CN else GLOBAL_SUFFIXES)


def single(base_url: str) -> Directory:
    """The one host of a simulator or a relay. Raises InvalidRequest for anything but an origin."""
    parts = urlsplit(base_url)
    plain = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    if not plain or parts.path.strip("/") or parts.query or parts.fragment:
        raise InvalidRequest("base_url must be a scheme and a host, such as http://127.0.0.1:8900")
    return Directory(("",), (parts.netloc,), parts.scheme)


def following(directory: Directory, trail: tuple[Host, ...], failure: Failure) -> Host:
    """The host to ask after those on ``trail``, in order of asking, gave no answer, the last by ``failure``.

    The same host once more; the other domain, when only a name was not found; the region next door by either
    domain; then what is left, and round again (facts 1.5).
    """
    first, last = trail[0], trail[-1]
    if trail == (first,):
        return first
    other_suffixes = [suffix for suffix in directory.suffixes if suffix != last.suffix]
    other_prefixes = [prefix for prefix in directory.prefixes if prefix != first.prefix]
    domain = [directory.host(last.prefix, suffix) for suffix in other_suffixes]
    next_door = [
        directory.host(prefix, suffix)
        for prefix in other_prefixes
        for suffix in (last.suffix, *other_suffixes)
    ]
    order = [*domain, *next_door] if failure is Failure.DNS else [*next_door, *domain]
    rest = [directory.host(first.prefix, suffix) for suffix in directory.suffixes]
    return next((host for host in (*order, *rest) if host not in trail), first)


class HostChoice:
    """The host that worked last, shared by all threads: a failure seen by one spares the others."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._current = directory.primary
        self._trail: tuple[Host, ...] = ()
        self._lock = Lock()

    @property
    def current(self) -> Host:
        with self._lock:
            return self._current

    def answered(self, host: Host) -> None:
        """Any HTTP answer, an error too, shows that the host can be reached."""
        with self._lock:
            self._current, self._trail = host, ()

    def failed(self, host: Host, failure: Failure) -> None:
        """No answer from ``host``. A late report about a host that was left meanwhile changes nothing."""
        with self._lock:
            if host != self._current:
                return
            self._trail = (*self._trail, host)
            self._current = following(self._directory, self._trail, failure)
            if self._trail.count(self._current) > 1:  # everybody was asked: begin anew
                self._trail = ()
