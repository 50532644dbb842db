"""What the simulated vendor can serve, so that in no other figure it is the vendor that is measured."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from benchmarks.bench import STORAGE, Bench
from benchmarks.control_room import scheduled
from benchmarks.figure import RESULTS, Figure
from benchmarks.fleet import fleet
from benchmarks.proc import cpu
from recorder_tasks.agora import Client, Mode
from recorder_tasks.core.session import Session, Take
from recorder_tasks.flow.vendors import Vendors
from recorder_tasks.settings import Settings

CONNECTIONS = 4
APP = {"app_id": "f" * 32, "key": "tokens", "secret": "s", "certificate": "1" * 32}
RECIPE: dict[str, Any] = {  # what record() makes of a wish that names none
    "recordingConfig": {
        "channelType": 1,
        "streamTypes": 2,
        "maxIdleTime": 300,
        "subscribeAudioUids": ["#allstream#"],
        "subscribeVideoUids": ["#allstream#"],
    },
    "recordingFileConfig": {"avFileType": ["hls", "mp4"]},
}
RESOURCE, SID = b"R" * 220, b"S" * 32  # stand for what the answers will name
NAMED = {"resourceId": RESOURCE, "sid": SID}
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
BUSIEST = ("lifecycle_throughput", 4)  # a figure of lifecycles, and the requests of one


def run(bench: Bench) -> Iterator[Figure]:
    count = 5000 if bench.full else 1000
    with fleet(bench, apps=[APP], first_file_seconds=0, ten_percent_rule=False) as systems:
        address, pid = systems.simulator.base_url, systems.simulator.child.pid
        lives = prepared(bench, address, count + count // 10)
        drive(address, lives[count:])
        before, began = cpu(pid), time.perf_counter()
        sent = drive(address, lives[:count])
        took, used = time.perf_counter() - began, cpu(pid) - before
    load = busiest()
    notes = f"acquire, start, query, stop by {CONNECTIONS} kept connections; {used / took:.0%} of a core"
    name = "busiest figure's requests" if load else ""
    yield Figure("simulator", sent / took, load, name, "requests/s", "higher", sent, notes, goal=5.0)
    alone = f"{sent / used:.0f} requests a second of CPU"
    yield Figure("simulator_cpu", used / sent * 1e6, None, "", "us a request", "lower", sent, alone)


def busiest() -> float | None:
    """Requests per second of the figure that asks the vendor most, if it was measured before."""
    name, each = BUSIEST
    known = json.loads(RESULTS.read_text()) if RESULTS.is_file() else []
    found = [max(one["ours"], one["peer"] or 0.0) * each for one in known if one["name"] == name]
    return found[0] if found else None


class Notepad(BaseAdapter):
    """Sends nothing: keeps the bytes that would have been sent, and answers with made-up names."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes: list[bytes] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        head = [
            f"{request.method} {request.path_url} HTTP/1.1",
            f"Host: {urlsplit(request.url or '').netloc}",
        ]
        head += [f"{name}: {value}" for name, value in request.headers.items()]
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else body
        self.bytes.append("\r\n".join([*head, "", ""]).encode() + content)
        answer = requests.Response()
        answer.status_code, answer.url, answer.request = 200, request.url or "", request
        named = {name: value.decode() for name, value in NAMED.items()}
        answer._content = json.dumps({**named, "serverResponse": {"status": 5}}).encode()
        return answer

    def close(self) -> None:
        """Nothing is open."""


def prepared(bench: Bench, address: str, count: int) -> list[list[bytes]]:
    """For each of ``count`` recordings the four requests that our client would send."""
    members = {"apps": {"default": {**APP, "base_url": address}}, "storages": {"default": STORAGE}}
    vendors = Vendors(Settings.model_validate({"redis_url": bench.url, "data_dir": bench.home, **members}))
    notepad, http = Notepad(), requests.Session()
    http.mount("http://", notepad)
    pair = (APP["key"], APP["secret"])
    client = Client(APP["app_id"], *pair, certificate=APP["certificate"], base_url=address, http=http)
    for number in range(count):
        _ask(client, vendors, scheduled(number, time.time()).evolve(recipe=RECIPE), f"room-{number}")
    return [notepad.bytes[at : at + 4] for at in range(0, len(notepad.bytes), 4)]


def _ask(client: Client, vendors: Vendors, session: Session, channel: str) -> None:
    lesson, now = session.evolve(channel=channel), time.time()
    uid, resource, sid = lesson.uids[0], RESOURCE.decode(), SID.decode()
    take = Take(uid=uid, resource_id=resource, acquired_at=now, sent_at=now, expires_at=lesson.deadline)
    client.acquire(channel, uid, vendors.acquire_request(lesson, 0))
    client.start(Mode.MIX, resource, channel, uid, vendors.start_request(lesson, take, now))
    client.query(Mode.MIX, resource, sid)
    client.stop(Mode.MIX, resource, sid, channel, uid)


def drive(address: str, lives: list[list[bytes]]) -> int:
    """Sends them, as fast as they are answered; how many requests that were. Raises for a refusal."""
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        shares = [lives[at::CONNECTIONS] for at in range(CONNECTIONS)]
        return sum(pool.map(lambda share: _one_connection(address, share), shares))


def _one_connection(address: str, lives: list[list[bytes]]) -> int:
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for life in lives:
            names = dict(NAMED)
            for request in life:
                for known, placeholder in NAMED.items():
                    request = request.replace(placeholder, names[known])
                line.sendall(request)
                answer = json.loads(_answer(line))
                names |= {name: answer[name].encode() for name in NAMED if name in answer}
    return sum(len(life) for life in lives)


def _answer(line: socket.socket) -> bytes:
    got = line.recv(65536)
    while b"\r\n\r\n" not in got:
        got += line.recv(65536)
    head, _, body = got.partition(b"\r\n\r\n")
    length = LENGTH.search(head)
    assert length is not None
    while len(body) < int(length[1]):
        body += line.recv(65536)
    if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201", b"HTTP/1.1 206")):
        raise AssertionError(f"the simulator refused: {head[:40]!r} {body[:200]!r}")
    return body
