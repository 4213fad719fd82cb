"""A real Kafka broker for tests: a container where an engine runs, else a process from the pinned jars."""

import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest

from deploy.kafka.broker import CHECKOUT, VERSION, Broker, KafkaUnavailable, broker_answers, fetch_jars

REQUIRED = "GONGDAN_REQUIRE_KAFKA"


class KafkaServer(Protocol):
    """A broker that a test may kill and start again on the same log and address."""

    @property
    def bootstrap(self) -> str:
        """Host and port."""
        ...

    def spawn(self) -> None:
        """Start it and return at once."""
        ...

    def answers(self) -> bool:
        """Whether it serves."""
        ...

    def kill(self) -> None:
        """Signal 9."""
        ...

    def suspend(self) -> None:
        """Suspend it."""
        ...

    def resume(self) -> None:
        """Resume it."""
        ...


class ContainerBroker:
    """The same broker in a container, by testcontainers; the port on this side is fixed, so it survives a restart."""

    def __init__(self) -> None:
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - only where an engine answers

        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = int(free.getsockname()[1])
        self._container: Any = DockerContainer(f"apache/kafka:{VERSION}").with_bind_ports(9092, self._port)
        for name, value in {
            "KAFKA_NODE_ID": "1",
            "KAFKA_PROCESS_ROLES": "broker,controller",
            "KAFKA_LISTENERS": "PLAINTEXT://0.0.0.0:9092,CONTROLLER://127.0.0.1:9093",
            "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{self._port}",
            "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@127.0.0.1:9093",
            "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
            "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "4",
            "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
            "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
            "KAFKA_BROKER_SESSION_TIMEOUT_MS": "2000",
            "KAFKA_BROKER_HEARTBEAT_INTERVAL_MS": "500",
        }.items():
            self._container = self._container.with_env(name, value)
        self._begun = False

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self._port}"

    def spawn(self) -> None:
        if not self._begun:
            self._container.start()
            self._begun = True
        elif self._container.get_wrapped_container().status != "running":
            self._container.get_wrapped_container().start()

    def answers(self) -> bool:
        return broker_answers(self._port)

    def kill(self) -> None:
        self._container.get_wrapped_container().kill()
        self._container.get_wrapped_container().wait()

    def suspend(self) -> None:
        self._container.get_wrapped_container().pause()

    def resume(self) -> None:
        self._container.get_wrapped_container().unpause()

    def stop(self) -> None:
        self._container.stop()


def engine_answers() -> bool:
    """Whether a container engine is there to be used, asked without its client, which leaks a socket when it is not."""
    where = urlsplit(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock"))
    try:
        if where.scheme == "unix":
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            target: Any = where.path
        else:
            connection = socket.socket()
            target = (where.hostname or "127.0.0.1", where.port or 2375)
        with connection:
            connection.settimeout(5.0)
            connection.connect(target)
            connection.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b" 200 " in connection.recv(64)
    except OSError:
        return False


@pytest.fixture(scope="session")
def kafka_server() -> Iterator[KafkaServer]:
    """The broker of this run, started when the first test asks and thrown away at the end.

    Skips loudly where none can run; with GONGDAN_REQUIRE_KAFKA=1 that is a failure.
    """
    if engine_answers():
        container = ContainerBroker()
        container.spawn()
        try:
            _wait(container)
            yield container
        finally:
            container.stop()
        return
    folder = Path(tempfile.mkdtemp(prefix="gongdan-kafka-"))
    try:
        try:
            fetch_jars(CHECKOUT)
            broker = Broker(folder).start()
        except KafkaUnavailable as error:
            _do_without(str(error))
        else:
            try:
                yield broker
            finally:
                broker.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def jars_or_skip() -> None:
    """Skip with a message, or fail where Kafka is required, when no broker can run."""
    try:
        fetch_jars(CHECKOUT)  # once for all tests, wherever each of them puts its data
    except KafkaUnavailable as error:
        _do_without(str(error))


def _do_without(reason: str) -> None:
    line = f"KAFKA SUITE SKIPPED: {reason}"
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(line.replace("SKIPPED", "REQUIRED BUT MISSING"))
    pytest.skip(line)


def _wait(server: KafkaServer, within: float = 120.0) -> None:
    deadline = time.monotonic() + within
    while not server.answers():
        if time.monotonic() > deadline:
            raise KafkaUnavailable(f"Kafka did not answer within {within} s")
        time.sleep(0.2)  # noqa: TID251 - a session fixture without a loop
