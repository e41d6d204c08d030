"""Containers and the systemd unit agree with the settings and with each other."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from moderator.settings import Settings, variables
from moderator.store.client import Client
from tests.redis_fixture import NewServer

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
CONTAINERFILE = (DEPLOY / "Containerfile").read_text("utf-8")
UNIT = re.findall(r"^([A-Za-z]+)=(.*)$", (DEPLOY / "moderator.service").read_text("utf-8"), re.MULTILINE)


def test_only_settings_that_exist_are_set() -> None:
    named = {
        *COMPOSE["services"]["moderator"]["environment"],
        *re.findall(r"MODERATOR_[A-Z_]+", CONTAINERFILE),
        *re.findall(r"MODERATOR_[A-Z_]+(?==)", " ".join(value for _, value in UNIT)),
    }

    assert named <= set(variables())


def test_whoever_stops_the_service_waits_longer_than_it_needs() -> None:
    shutdown_s = Settings().shutdown_s

    assert int(COMPOSE["services"]["moderator"]["stop_grace_period"].removesuffix("s")) > shutdown_s
    assert int(dict(UNIT)["TimeoutStopSec"]) > shutdown_s


def test_the_image_runs_as_nobody_special_and_installs_by_hash_only() -> None:
    assert re.search(r"^USER [1-9]\d*$", CONTAINERFILE, re.MULTILINE)
    for line in re.findall(r"pip install [^\\\n]*", CONTAINERFILE):
        assert "--require-hashes" in line or "--no-deps" in line


def test_every_file_that_the_image_copies_exists_and_reaches_the_builder() -> None:
    sent = (DEPLOY / "Containerfile.dockerignore").read_text("utf-8").splitlines()

    for line in re.findall(r"^COPY (?!--from)(.*)$", CONTAINERFILE, re.MULTILINE):
        for name in line.split()[:-1]:
            assert (ROOT / name).exists(), name
            assert f"!{name}" in sent


def test_the_compose_files_valkey_is_asked_for_health_and_published_nowhere() -> None:
    valkey = COMPOSE["services"]["valkey"]

    assert COMPOSE["services"]["moderator"]["depends_on"]["valkey"]["condition"] == "service_healthy"
    assert valkey["healthcheck"]["test"]
    assert "ports" not in valkey
    assert {volume.split(":")[0] for volume in valkey["volumes"]} <= COMPOSE["volumes"].keys()


async def test_a_real_server_started_with_the_compose_files_command_keeps_comments(new_server: NewServer) -> None:
    program, *options = COMPOSE["services"]["valkey"]["command"]
    assert program == "valkey-server"
    server = new_server(*options)
    client = await Client.connect(server.url)

    wanted = {"appendonly": b"yes", "appendfsync": b"everysec", "maxmemory-policy": b"noeviction", "save": b""}
    found = {name: (await client.call("CONFIG", "GET", name))[1] for name in wanted}

    await client.close()
    assert found == wanted


@pytest.mark.parametrize(
    "setting",
    ["NoNewPrivileges=yes", "ProtectSystem=strict", "DynamicUser=yes", "KillSignal=SIGTERM", "CapabilityBoundingSet="],
)
def test_the_unit_is_hardened(setting: str) -> None:
    name, _, value = setting.partition("=")

    assert (name, value) in UNIT
