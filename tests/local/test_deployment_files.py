"""Makefile, constraints, compose file and example settings say what they promise."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from recorder_tasks.settings import Settings
from recorder_tasks.simulator.apps import DEFAULT_APP

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"^[A-Za-z0-9._-]+==[^\s]+$")


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=~! ]", name)[0]).lower()


def pins() -> list[str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_constraints_pin_versions_and_name_no_index() -> None:
    assert all(PINNED.match(line) for line in pins())
    assert "://" not in (ROOT / "constraints.txt").read_text()


def test_everything_that_pyproject_asks_for_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    asked += [each for extra in project["project"]["optional-dependencies"].values() for each in extra]
    asked = [each for each in asked if canonical(each) != project["project"]["name"]]
    assert {canonical(each) for each in asked} <= {canonical(pin) for pin in pins()}


def test_every_dependency_gives_a_reason_for_its_bounds() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    block = text.split("dependencies = [")[1].split("\n]")[0]
    bounded = [line for line in block.splitlines() if "<" in line]
    assert bounded
    assert all("#" in line for line in bounded)


def test_the_example_settings_load_once_they_are_filled_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("RECORDER_")]:
        monkeypatch.delenv(name)
    text = (ROOT / ".env.example").read_text()
    env = tmp_path / ".env"
    filled_in = re.sub(r"__(APP_ID|CERTIFICATE)=$", rf"__\1={'a' * 32}", text, flags=re.M)
    filled_in = re.sub(r"(WEBHOOKS__\w+__SECRET)=$", rf"\1=whsec_{'a' * 32}", filled_in, flags=re.M)
    env.write_text(filled_in.replace("# R", "R"))
    settings = Settings(_env_file=env)
    assert settings.apps["default"].area == "us"
    assert not settings.apps["default"].base_url
    assert settings.storages["default"].prefix == ("lessons", "2026")
    assert settings.profiles["default"].max_idle == 300
    assert settings.webhooks["office"].events[0] == "session.completed"


@pytest.fixture
def compose() -> Path:
    found = shutil.which("docker-compose")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs docker-compose, see .ci/run")
        pytest.skip("docker-compose is not installed (Debian: apt-get install docker-compose)")
    return Path(found)


@pytest.fixture
def no_env(tmp_path: Path) -> Path:
    empty = tmp_path / "no.env"
    empty.touch()
    return empty


def test_compose_runs_every_process_with_a_health_check(compose: Path, no_env: Path) -> None:
    text = configured(compose, no_env)
    services = section(text, "services")
    assert sorted(services) == ["beat", "redis", "simulator", "stopper", "web", "worker"]
    assert all("healthcheck:" in body for body in services.values())
    assert "--appendonly yes" in services["redis"]
    assert "--maxmemory-policy noeviction" in services["redis"]
    assert "--stop" in services["stopper"]
    assert "condition: service_healthy" in services["worker"]


def test_compose_without_settings_uses_the_simulators_own_app(compose: Path, no_env: Path) -> None:
    services = section(configured(compose, no_env), "services")
    for wanted in (DEFAULT_APP.app_id, DEFAULT_APP.certificate, DEFAULT_APP.key, DEFAULT_APP.secret):
        assert wanted in services["worker"]
    assert "BASE_URL: http://simulator:8900" in services["worker"]


def test_compose_with_settings_talks_to_the_vendor(compose: Path, no_env: Path) -> None:
    services = section(
        configured(
            compose, no_env, RECORDER_APPS__DEFAULT__APP_ID="b" * 32, RECORDER_APPS__DEFAULT__BASE_URL=""
        ),
        "services",
    )
    assert "b" * 32 in services["worker"]
    assert "BASE_URL: ''" in services["worker"]


def configured(compose: Path, nothing: Path, **settings: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RECORDER_")}
    command = [str(compose), "--project-directory", str(ROOT), "-f", str(ROOT / "docker-compose.yml")]
    command += ["--profile", "simulator", "--env-file", str(nothing), "config"]
    done = subprocess.run(
        command, env=clean | settings, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def section(text: str, name: str) -> dict[str, str]:
    """The members of a top-level member, by their names, from the block form that compose prints."""
    body = re.split(
        r"^\S", text.split(f"\n{name}:\n" if f"\n{name}:\n" in text else f"{name}:\n", 1)[1], flags=re.M
    )[0]
    parts = re.split(r"^  (\S+):\n", body, flags=re.M)[1:]
    return {name: " ".join(body.split()) for name, body in zip(parts[::2], parts[1::2], strict=True)}


def test_the_procfile_runs_every_process() -> None:
    lines = (ROOT / "Procfile").read_text().splitlines()
    assert [line.split(":")[0] for line in lines] == ["worker", "stopper", "beat", "web", "simulator"]


def test_ci_runs_every_check_and_then_debians_redis() -> None:
    text = (ROOT / ".ci" / "run").read_text()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert text.index("make test") < text.index("RECORDER_TEST_SERVER=redis")
    assert "set -euo pipefail" in text
    done = subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], capture_output=True, check=False)
    assert done.returncode == 0


def test_the_wheel_carries_what_is_not_python() -> None:
    """Scripts are package data: each .lua lies in a package that the wheel takes as a whole."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    taken = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    scripts = list((ROOT / "recorder_tasks").rglob("*.lua"))
    assert scripts
    assert all(script.relative_to(ROOT).parts[0] in taken for script in scripts)
