"""The simulator as a process: its command line, its connections, its clock, its admin API."""

from __future__ import annotations

import http.client
import http.server
import json
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recorder_tasks.simulator.events import signatures
from tests.simulator.server import Simulator, until, write
from tests.simulator.vendor import asked_for

ACQUIRE = {"cname": "class", "uid": "7", "clientRequest": {}}
MODULE = [sys.executable, "-m", "recorder_tasks.simulator"]


def start(simulator: Simulator, mode: str = "mix", cname: str = "class") -> tuple[str, str]:
    body = {**ACQUIRE, "cname": cname}
    rid = simulator.call("POST", f"{simulator.path}/acquire", body)[1]["resourceId"]
    asked = {**body, "clientRequest": asked_for(mode)}
    status, answer = simulator.call("POST", f"{simulator.path}/resourceid/{rid}/mode/{mode}/start", asked)
    assert status == 200, answer
    return rid, answer["sid"]


def control(simulator: Simulator, ids: tuple[str, str], verb: str) -> tuple[int, Any]:
    path = f"{simulator.path}/resourceid/{ids[0]}/sid/{ids[1]}/mode/mix/{verb}"
    return simulator.call("GET", path) if verb == "query" else simulator.call("POST", path, ACQUIRE)


def quick(simulator: Simulator) -> None:
    settings = {"status_seconds": [0.01] * 4, "first_file_seconds": 0.05, "upload_seconds": 0.05}
    simulator.admin("PUT", "/settings", settings)
    simulator.without_certificate()


def test_print_app_tells_what_the_running_server_tells(simulator: Simulator) -> None:
    port = simulator.base_url.rsplit(":", 1)[1]
    printed = subprocess.run(
        [*MODULE, "--print-app", "--port", port], capture_output=True, text=True, check=True, timeout=20
    )
    assert json.loads(printed.stdout) == simulator.app
    assert set(simulator.app) == {"app_id", "certificate", "key", "secret", "base_url", "admin_url"}
    assert len(simulator.app["app_id"]) == len(simulator.app["certificate"]) == 32


def test_callbacks_may_have_their_address_from_the_start(
    serve: Callable[..., Simulator], tmp_path: Path
) -> None:
    url, state = "http://127.0.0.1:9/agora", str(tmp_path / "vendor.db")
    simulator = serve("--callbacks", url, "--callback-secret", "hush", "--state", state)
    assert simulator.admin("GET", "/callbacks")["target"]["url"] == url
    assert len(simulator.admin("POST", "/callbacks/test")["notice_ids"]) == 5
    simulator.end()
    assert serve("--state", state).admin("GET", "/callbacks")["target"]["url"] == url, "and keep it"
    wrong = subprocess.run([*MODULE, "--callbacks", "ftp://x"], capture_output=True, text=True, timeout=20)
    assert (wrong.returncode, wrong.stderr) == (2, "simulator: url: not an http or https address\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(serve: Callable[..., Simulator], number: int) -> None:
    assert serve().end(number) == 0


def test_a_taken_port_and_bad_settings_are_told_in_one_line(simulator: Simulator, tmp_path: Path) -> None:
    port = simulator.base_url.rsplit(":", 1)[1]
    bad = write(tmp_path / "bad.json", {"qps": 0})
    for arguments, status, words in (
        (["--port", port], 1, f":{port}: "),
        (["--settings", bad], 2, "qps: 0 is below 1"),
        (["--settings", str(tmp_path / "none.json")], 2, "No such file"),
        (["--speed", "0"], 2, "speed: 0.0"),
    ):
        ended = subprocess.run([*MODULE, *arguments], capture_output=True, text=True, timeout=20, check=False)
        assert ended.returncode == status
        assert words in ended.stderr
        assert len(ended.stderr.splitlines()) == 1


def test_one_class_over_http(simulator: Simulator) -> None:
    quick(simulator)
    ids = start(simulator)
    until(lambda: control(simulator, ids, "query")[1]["serverResponse"]["status"] == 5, "the first file")
    status, answer = control(simulator, ids, "stop")
    assert status == 200
    assert answer["serverResponse"]["uploadingStatus"] == "uploaded"
    (take,) = simulator.admin("GET", "/ledger?channel=class")["takes"]
    assert (take["alive"], take["ended_by"]) == (False, "stop")
    log = simulator.admin("GET", "/requests?channel=class")["requests"]
    assert [entry["verb"] for entry in log][:2] == ["acquire", "start"]
    since = simulator.admin("GET", f"/requests?since={log[-1]['at']}")["requests"]
    assert since == log[-1:]


@pytest.mark.parametrize(
    ("reset", "error"), [(False, http.client.RemoteDisconnected), (True, ConnectionResetError)]
)
def test_a_lost_answer_is_a_closed_or_a_reset_connection(
    simulator: Simulator, reset: bool, error: type[Exception]
) -> None:
    simulator.admin(
        "POST", "/faults", {"verb": "acquire", "fault": {"lose": "after", "reset": reset}, "times": 1}
    )
    connection = http.client.HTTPConnection(simulator.base_url.removeprefix("http://"), timeout=20)
    headers = {"Authorization": simulator.authorization, "Content-Type": "application/json"}
    connection.request("POST", f"{simulator.path}/acquire", json.dumps(ACQUIRE), headers)
    with pytest.raises(error):
        connection.getresponse()
    connection.close()
    assert len(simulator.admin("GET", "/ledger")["resources"]) == 1
    assert simulator.call("POST", f"{simulator.path}/acquire", ACQUIRE)[0] == 200


def test_a_connection_is_kept_alive_over_requests(simulator: Simulator) -> None:
    connection = http.client.HTTPConnection(simulator.base_url.removeprefix("http://"), timeout=20)
    ports = set()
    for _ in range(3):
        connection.request("GET", "/_simulator/health")
        connection.getresponse().read()
        ports.add(connection.sock.getsockname())
    connection.close()
    assert len(ports) == 1


def test_an_outage_closes_every_connection_of_the_vendor_and_none_of_ours(simulator: Simulator) -> None:
    simulator.admin("POST", "/outage", {"seconds": 60})
    with pytest.raises((http.client.RemoteDisconnected, urllib.error.URLError)):
        simulator.call("POST", f"{simulator.path}/acquire", ACQUIRE)
    assert simulator.admin("GET", "/health")["ok"]
    simulator.admin("POST", "/outage", {"seconds": 60, "mode": "503"})
    assert simulator.call("POST", f"{simulator.path}/acquire", ACQUIRE)[0] == 503
    simulator.admin("POST", "/outage", {"seconds": 0})
    assert simulator.call("POST", f"{simulator.path}/acquire", ACQUIRE)[0] == 200


def test_time_runs_faster_and_jumps(serve: Callable[..., Simulator]) -> None:
    simulator = serve("--speed", "600")
    simulator.without_certificate()
    ids = start(simulator)
    until(lambda: control(simulator, ids, "query")[1]["serverResponse"]["status"] == 5, "18 s at speed 600")
    before = simulator.admin("POST", "/clock", {"speed": 1})["now"]
    after = simulator.admin("POST", "/clock", {"jump": 3 * 86400})["now"]
    assert 3 * 86400 <= after - before < 3 * 86400 + 60
    assert control(simulator, ids, "query")[0] == 404


def test_people_and_deaths_come_over_the_admin_api(simulator: Simulator) -> None:
    quick(simulator)
    start(simulator)
    joined = lambda: simulator.admin("GET", "/ledger?channel=class")["takes"][-1]["joined_at"]  # noqa: E731
    until(joined, "the recorder")
    moved = simulator.admin("POST", "/takes/channel:class/migrate", {"seconds": 0.05, "new_uid": 99})
    assert moved["uid_in_channel"] == 99
    files = lambda: simulator.admin("GET", "/ledger")["takes"][0]["files"][1:]  # noqa: E731
    names = [file["name"] for file in until(files, "bak files")]
    assert names[0].startswith("dir1/bak0_")
    assert simulator.admin("POST", "/takes/channel:class/kill", {})["ended_by"] == "killed"
    assert simulator.send("POST", f"{simulator.admin_url}/takes/channel:class/kill", {})[0] == 404
    simulator.admin("PUT", "/channels/a%20b", {"publishers": [{"uid": 7, "to": {"in": 5}}], "audience": 1})
    simulator.admin("DELETE", "/channels/a%20b")
    status, answer = simulator.send("PUT", f"{simulator.admin_url}/settings", {"colour": 1})
    assert (status, answer["error"].startswith("colour: no such setting")) == (400, True)


def test_reset_forgets_everything_but_how_it_was_started(
    serve: Callable[..., Simulator], tmp_path: Path
) -> None:
    simulator = serve("--settings", write(tmp_path / "settings.json", {"qps": 500}))
    simulator.admin("PUT", "/settings", {"pcw": 7})
    simulator.call("POST", f"{simulator.path}/acquire", ACQUIRE)
    simulator.admin("DELETE", "/reset")
    assert simulator.admin("GET", "/ledger")["resources"] == []
    assert simulator.admin("GET", "/requests")["requests"] == []
    settings = simulator.admin("GET", "/settings")
    assert (settings["qps"], settings["pcw"]) == (500, 100)


class Receiver:
    """Takes callbacks; refuses the first of them."""

    def __init__(self) -> None:
        self.bodies: list[tuple[bytes, dict[str, str]]] = []
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with outer.lock:  # several arrive at once, and one of them is the first
                    outer.bodies.append((body, dict(self.headers)))
                    first = len(outer.bodies) == 1
                self.send_response(500 if first else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/callbacks"


def test_callbacks_arrive_signed_and_a_refused_one_arrives_again(simulator: Simulator) -> None:
    quick(simulator)
    receiver = Receiver()
    simulator.admin("PUT", "/callbacks", {"url": receiver.url, "secret": "ncs"})
    ids = start(simulator)
    until(lambda: control(simulator, ids, "query")[1]["serverResponse"]["status"] == 5, "the first file")
    control(simulator, ids, "stop")
    seen = lambda: {json.loads(body)["eventType"] for body, _ in list(receiver.bodies)}  # noqa: E731
    until(lambda: {40, 41, 11, 31} <= seen(), "the events of a class")
    for body, headers in list(receiver.bodies):
        lower = {name.lower(): value for name, value in headers.items()}
        for name, value in signatures("ncs", body).items():
            assert lower[name.lower()] == value
    first = json.loads(receiver.bodies[0][0])["noticeId"]
    arrived = lambda: [json.loads(body)["noticeId"] for body, _ in list(receiver.bodies)]  # noqa: E731
    until(lambda: arrived().count(first) == 2, "the refused one again")

    def delivered() -> set[tuple[int, int]]:
        """What the simulator has noted, which it does after the receiver's answer."""
        entries = simulator.admin("GET", "/callbacks")["deliveries"]
        return {(entry["attempt"], entry["status"]) for entry in entries}

    until(lambda: delivered() >= {(0, 500), (1, 200), (0, 200)}, "all deliveries to be noted")
    receiver.server.shutdown()
    receiver.server.server_close()


def test_hundreds_of_requests_a_second_are_no_trouble(simulator: Simulator) -> None:
    simulator.admin("PUT", "/settings", {"qps": 100_000, "pcw": 1_000_000})
    connection = http.client.HTTPConnection(simulator.base_url.removeprefix("http://"), timeout=20)
    headers = {"Authorization": simulator.authorization, "Content-Type": "application/json"}
    for number in range(500):
        body = json.dumps({"cname": f"class-{number}", "uid": "7", "clientRequest": {}})
        connection.request("POST", f"{simulator.path}/acquire", body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
    connection.close()
    log = simulator.admin("GET", "/requests")["requests"]
    assert len(log) == 500


def test_a_client_that_goes_away_leaves_nothing_behind(serve: Callable[..., Simulator]) -> None:
    simulator = serve()
    simulator.admin("POST", "/faults", {"verb": "acquire", "fault": {"hang": 0.2}})
    host, port = simulator.base_url.removeprefix("http://").split(":")
    body = json.dumps(ACQUIRE).encode()
    with socket.create_connection((host, int(port))) as plain:
        head = f"POST {simulator.path}/acquire HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        plain.sendall(head.encode() + f"Authorization: {simulator.authorization}\r\n\r\n".encode() + body)
        until(lambda: simulator.admin("GET", "/requests")["requests"], "the request")
    simulator.admin("DELETE", "/faults")
    assert simulator.call("POST", f"{simulator.path}/acquire", ACQUIRE)[0] == 200
    assert simulator.end() == 0
