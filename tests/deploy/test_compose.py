"""Compares what the compose file sets with what the programs read, because no container engine runs in CI."""

import re
import socket
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.cluster import environment_of
from deploy.draw_secrets import environment
from deploy.gateway import replicas_of
from shared.db.logins import CENTRE, UNIT, login_of
from shared.run.embedded import drawn_secrets
from shared.run.process import PortTaken, listen
from shared.settings import SERVICES, BadSetting, Settings, settings_from

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")


def filled(value: str, drawn: dict[str, str]) -> str:
    """`value` with ${NAME:?} replaced, as compose does."""
    return re.sub(r"\$\{(\w+):\?\}", lambda match: drawn[match[1]], value)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_from_what_the_compose_file_sets(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = environment()
    for name, value in COMPOSE["services"][service]["environment"].items():
        monkeypatch.setenv(name, filled(value, drawn))

    settings = Settings()

    assert settings.database_of(service).endswith(f"/gongdan_{service}")
    assert settings.bus_is_kafka
    assert settings.files_of(service) == f"file:///data/files/{service}"
    for address, group in ((settings.centre_database_of, CENTRE), (settings.unit_database_of, UNIT)):
        assert f"//{login_of(service, group)}:" in address(service)


@pytest.mark.parametrize("service", SERVICES)
def test_the_compose_file_sets_only_variables_that_the_settings_read(service: str) -> None:
    known = {f"GONGDAN_{name.upper()}" for name in Settings.model_fields}

    assert set(COMPOSE["services"][service]["environment"]) <= known


@pytest.mark.parametrize("service", SERVICES)
def test_the_cluster_sets_the_same_variables_as_the_compose_file(service: str) -> None:
    ours = environment_of(
        service,
        1,
        database_url="d",
        bus_url="b",
        files_url="f",
        secrets=drawn_secrets(),
        upstream="http://u",
        clock="real",
    )

    assert set(ours) == set(COMPOSE["services"][service]["environment"])


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_runs_the_program_of_its_name_with_two_replicas(service: str) -> None:
    entry = COMPOSE["services"][service]

    assert entry["command"] == ["python", "-m", f"services.{service}"]
    assert (ROOT / "services" / service / "__main__.py").exists()
    assert entry["deploy"]["replicas"] == 2


def test_the_gateway_knows_every_service() -> None:
    replicas = replicas_of(COMPOSE["services"]["gateway"]["environment"])

    assert replicas == {service: [f"http://{service}:8000"] for service in SERVICES}


def test_the_services_trust_only_the_gateway_whose_address_no_other_container_gets() -> None:
    [network] = COMPOSE["networks"]["default"]["ipam"]["config"]
    address = COMPOSE["services"]["gateway"]["networks"]["default"]["ipv4_address"]

    assert {COMPOSE["services"][service]["environment"]["GONGDAN_GATEWAYS"] for service in SERVICES} == {address}
    assert ip_address(address) in ip_network(network["subnet"])
    assert ip_address(address) not in ip_network(network["ip_range"])
    assert address != network["gateway"]
    assert [name for name, entry in COMPOSE["services"].items() if "networks" in entry] == ["gateway"]


@pytest.mark.parametrize("wrong", ["*", "gateway", "127.0.0.1,*", "172.30.12.2/24"])
def test_what_is_trusted_is_an_address_or_a_network(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = environment()
    for name, value in COMPOSE["services"]["sla"]["environment"].items():
        monkeypatch.setenv(name, filled(value, drawn))
    monkeypatch.setenv("GONGDAN_GATEWAYS", wrong)

    with pytest.raises(BadSetting, match="GONGDAN_GATEWAYS"):
        settings_from()


def test_every_secret_of_the_compose_file_is_drawn() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?\}", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))

    assert asked == set(environment())


def test_no_secret_has_a_default() -> None:
    assert not re.findall(r"\$\{\w+:-", (ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def test_the_first_start_makes_the_database_of_every_service() -> None:
    script = (ROOT / "deploy" / "postgres-databases.sql").read_text(encoding="utf-8")

    assert set(re.findall(r"create database (\w+) owner gongdan_owner;", script)) == {
        f"gongdan_{service}" for service in SERVICES
    }


@pytest.mark.parametrize("service", SERVICES)
def test_the_first_start_makes_both_logins_of_every_service(service: str) -> None:
    script = (ROOT / "deploy" / "postgres-databases.sql").read_text(encoding="utf-8")

    for group in (CENTRE, UNIT):
        assert f"create role {login_of(service, group)} login" in script
        assert f"in role {group};" in script


def test_every_container_has_a_health_check() -> None:
    assert "HEALTHCHECK" in DOCKERFILE
    assert {"postgres", "kafka"} <= {name for name, entry in COMPOSE["services"].items() if "healthcheck" in entry}


@pytest.mark.parametrize("service", SERVICES)
def test_the_replicas_of_a_service_share_their_files_and_have_a_place_for_temporary_ones(service: str) -> None:
    """Everything else of a container is read-only, and the folder is the image's user's when a volume is made of it."""
    entry = COMPOSE["services"][service]

    assert entry["read_only"]
    assert entry["volumes"] == ["files:/data/files"]
    assert entry["tmpfs"] == ["/tmp:size=1g"]
    assert "files" in COMPOSE["volumes"]
    assert "chown -R gongdan /data/files" in DOCKERFILE


def test_the_image_runs_as_an_ordinary_user_and_copies_what_the_programs_import() -> None:
    assert re.search(r"^USER 10001$", DOCKERFILE, re.MULTILINE)
    assert DOCKERFILE.count("\nFROM ") + DOCKERFILE.startswith("FROM ") == 2
    for folder in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE):
        for part in folder.split():
            assert (ROOT / part).exists(), part


def test_the_pinned_broker_is_the_one_that_the_tests_run() -> None:
    pom = (ROOT / "deploy" / "kafka" / "pom.xml").read_text(encoding="utf-8")
    version = COMPOSE["services"]["kafka"]["image"].rsplit(":", 1)[1]

    assert f"<version>{version}</version>" in pom or f">{version}<" in pom


def test_a_port_in_use_is_reported_clearly() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(PortTaken, match="GONGDAN_PORT"):
        listen("127.0.0.1", other.getsockname()[1])
