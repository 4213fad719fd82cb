"""One Apache Kafka broker (KRaft, Java 17) on loopback: for `make kafka`, the bus tests and the fault run.

    python -m deploy.kafka.broker --port 9092

The jars are downloaded once, by the Maven build file beside this module, into kafka/<version> of GONGDAN_VAR. Jars in
the checkout's var/ are used first. All calls block.
A broker ends with the process that started it, however that ends; its folder has one owner at a time.
"""

import argparse
import base64
import contextlib
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final, Self

from deploy.ownership import FolderInUse, FolderLock, Leash, PortTaken, end_leftovers, listens, refuse_taken
from shared.run.starting import FolderUnusable, data_folder, telling, usable

ROOT: Final = Path(__file__).resolve().parents[2]
POM: Final = Path(__file__).with_name("pom.xml")
VERSION: Final = "4.4.0"
CHECKOUT: Final = ROOT / "var"

_JAVA: Final = (
    "-Xms384m",
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-Djava.awt.headless=true",
    "-Dorg.apache.logging.log4j.level=WARN",
)
_METADATA: Final = 3


class KafkaUnavailable(RuntimeError):
    """本机无法运行 Kafka。"""

    code = "kafka_unavailable"


class Broker:
    """A broker with its data in `folder`; ports stay the same over restarts, so clients find it again."""

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        """Take `port` or a free one, and prepare `folder` if it is new.

        Raises FolderInUse, PortTaken, KafkaUnavailable.
        """
        self.folder = folder.resolve()
        self._process: subprocess.Popen[bytes] | None = None
        self._leash: Leash | None = None
        self._properties = self.folder / "server.properties"
        try:
            self._lock = FolderLock(self.folder)
        except FolderInUse:
            if port is not None:
                refuse_taken(port)
            raise
        try:
            self._prepare(port)
        except BaseException:
            self._lock.release()
            raise

    def _prepare(self, port: int | None) -> None:
        end_leftovers(lambda process: {"kafka.Kafka", str(self._properties)} <= set(process.cmdline()))
        ports = self.folder / "ports"
        if ports.exists():
            kept, self._controller_port = (int(word) for word in ports.read_text().split())
            self.port = port or kept
        else:
            self.port, self._controller_port = _free_ports(port)
        # Checked here: Java would report it with a stack trace, and until then the other broker's answers would count.
        refuse_taken(self.port)
        refuse_taken(self._controller_port)
        self._java = _java()
        self._classpath = f"{fetch_jars()}/*"
        ports.write_text(f"{self.port} {self._controller_port}")
        self._properties.write_text(self._settings())
        if not (self.folder / "data" / "meta.properties").exists():
            self._format()

    @property
    def bootstrap(self) -> str:
        """Return host and port for clients."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """Return the process id, or None while the broker is down."""
        if self._process is not None and self._process.poll() is None:
            return self._process.pid
        if self._leash is not None:
            self._leash.let_go()
        return None

    def spawn(self) -> None:
        """Start the process and return at once; `answers` says when it is ready. Raises FolderInUse."""
        if self.pid is not None:
            return
        if not self._lock.held:
            self._lock = FolderLock(self.folder)
        command = [self._java, *_JAVA, "-cp", self._classpath, "kafka.Kafka", str(self._properties)]
        with (self.folder / "server.log").open("ab") as log, Leash() as self._leash:
            self._process = subprocess.Popen(
                self._leash.around(command),
                stdin=self._leash.end,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )

    def answers(self) -> bool:
        """Return whether this broker, and no other on its port, answers; KafkaUnavailable if it has ended."""
        pid = self.pid
        if pid is None:
            raise KafkaUnavailable(f"Kafka 进程已退出，请查看 {self.folder / 'server.log'}：\n{self._log_tail()}")
        return broker_answers(self.port) and listens(pid, self.port)

    def start(self, *, within: float = 60.0) -> Self:
        """Start, or start again on the same log and port, and return when it is ready. Raises KafkaUnavailable."""
        self.spawn()
        deadline = time.monotonic() + within
        while not self.answers():
            if time.monotonic() > deadline:
                self.kill()
                raise KafkaUnavailable(f"Kafka 未能在 {within:.0f} 秒内就绪：\n{self._log_tail()}")
            time.sleep(0.1)
        return self

    def kill(self) -> None:
        """Kill it with signal 9: nothing is flushed, the log folder stays."""
        self._end(signal.SIGKILL)

    def stop(self, *, within: float = 20.0) -> None:
        """Stop it normally, and with signal 9 when that takes too long."""
        self._end(signal.SIGTERM, within)

    def suspend(self) -> None:
        """Suspend it (SIGSTOP): connections stay open and nothing answers. Returns when every thread is stopped."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Resume it after `suspend`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def _end(self, number: signal.Signals, within: float = 20.0) -> None:
        if self._process is not None:
            self._signal(number)
            try:
                self._process.wait(within)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
                self._process.wait()
            self._process = None
        if self._leash is not None:
            self._leash.let_go()
        self._lock.release()

    def _settings(self) -> str:
        return f"""\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self._controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self._controller_port}
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:{self._controller_port}
log.dirs={self.folder / "data"}
auto.create.topics.enable=false
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
# After a kill the controller accepts the broker again only when its session from before the kill has expired.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=8388608
"""

    def _format(self) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
        command = [self._java, "-Xmx128m", "-Dorg.apache.logging.log4j.level=WARN", "-cp", self._classpath]
        command += ["kafka.tools.StorageTool", "format", "--standalone", "-t", cluster, "-c", str(self._properties)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode != 0:
            raise KafkaUnavailable(f"Kafka 数据目录初始化失败：\n{done.stdout}{done.stderr}")

    def _log_tail(self) -> str:
        log = self.folder / "server.log"
        return log.read_text(errors="replace")[-2000:] if log.exists() else ""


def fetch_jars(var: Path | None = None) -> Path:
    """Return the folder with the broker's jars, fetching them first if need be. Raises KafkaUnavailable.

    The jars of the checkout are used if they exist; otherwise they are downloaded to `var`, or to the folder of the
    data. Several processes may call this at once: one downloads under a file lock, and the folder appears complete.
    """
    kept = CHECKOUT / "kafka" / VERSION
    jars = (var or data_folder(CHECKOUT)) / "kafka" / VERSION
    if kept.is_dir() or jars.is_dir():
        return kept if kept.is_dir() else jars
    folder = usable(jars.parent)
    with (folder / "fetch.lock").open("w") as lock, _locked(lock):
        if jars.is_dir():
            return jars
        maven = shutil.which("mvn")
        if maven is None:
            raise KafkaUnavailable("未找到 Maven（mvn），无法下载 Kafka；请安装 Maven 后重试")
        fetched = Path(tempfile.mkdtemp(prefix="fetch-", dir=folder))
        try:
            command = [maven, "-q", "-B", "-ntp", "-f", str(POM), *_own_repository(folder)]
            command += ["dependency:copy-dependencies", f"-DoutputDirectory={fetched / 'jars'}"]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
            if done.returncode != 0:
                raise KafkaUnavailable(f"下载 Kafka 失败：\n{(done.stdout + done.stderr)[-2000:]}")
            (fetched / "jars").rename(jars)
        except subprocess.TimeoutExpired as error:
            raise KafkaUnavailable("下载 Kafka 超过 15 分钟，请检查网络") from error
        finally:
            shutil.rmtree(fetched, ignore_errors=True)
    return jars


def _own_repository(folder: Path) -> Sequence[str]:
    """Return Maven's option for a repository in `folder`, if the user has no home folder."""
    home = os.environ.get("HOME", "")
    if home and os.access(home, os.W_OK):
        return ()
    return (f"-Dmaven.repo.local={folder / 'repository'}",)


@contextlib.contextmanager
def _locked(lock: IO[str]) -> Iterator[None]:
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)


def _java() -> str:
    java = shutil.which("java")
    home = os.environ.get("JAVA_HOME")
    if home and (Path(home) / "bin" / "java").exists():
        java = str(Path(home) / "bin" / "java")
    if java is None:
        raise KafkaUnavailable("未找到 Java，运行 Kafka 需要 Java 17 或更高版本")
    words = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=60).stderr.split(
        '"'
    )
    major = words[1].split(".")[0] if len(words) > 1 else "0"
    if not major.isdigit() or int(major) < 17:  # noqa: PLR2004 - Kafka 4's own demand
        raise KafkaUnavailable(
            f"Java 版本过低（{words[1] if len(words) > 1 else '未知'}），运行 Kafka 需要 Java 17 或更高版本"
        )
    return java


def _free_ports(port: int | None) -> tuple[int, int]:
    """Return two ports that nobody listens on now: `port`, or a free one, and one for the controller."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return port or first.getsockname()[1], second.getsockname()[1]


def broker_answers(port: int) -> bool:
    """Return whether a broker on this port of loopback answers with at least one broker in its metadata."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2.0) as connection:
            return _broker_count(connection) > 0
    except OSError:
        return False


def _broker_count(connection: socket.socket) -> int:
    """Ask for metadata (version 7, no topics) and return how many brokers the answer lists; 0 for no full answer."""
    body = struct.pack(">hhih", _METADATA, 7, 1, -1) + struct.pack(">i?", 0, False)
    connection.sendall(struct.pack(">i", len(body)) + body)
    answer = b""
    while len(answer) < 16:  # noqa: PLR2004 - size, correlation, throttle time, number of brokers: four int32
        more = connection.recv(4096)
        if not more:
            return 0
        answer += more
    return int(struct.unpack_from(">i", answer, 12)[0])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a broker until Ctrl-C or SIGTERM; 2 with the reason when this machine cannot run it."""
    parser = argparse.ArgumentParser(description="在本机回环地址上运行一个 Apache Kafka，供开发和测试使用")
    parser.add_argument("--port", type=int, default=9092, help="监听端口（默认 9092）")
    parser.add_argument(
        "--data",
        type=Path,
        default=data_folder(CHECKOUT) / "kafka" / "data",
        help="数据目录（默认为 GONGDAN_VAR 或 var 下的 kafka/data）",
    )
    options = parser.parse_args(arguments)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        with telling(usable(options.data.resolve())):
            broker = Broker(options.data, port=options.port).start()
    except (KafkaUnavailable, FolderInUse, FolderUnusable, PortTaken) as error:
        print(f"无法启动：{error}", file=sys.stderr)
        return 2
    print(f"Kafka {VERSION} 已就绪：{broker.bootstrap}（Ctrl-C 停止）", flush=True)
    try:
        while not stopped.wait(1.0):
            if broker.pid is None:
                print(f"Kafka 进程已退出，请查看 {broker.folder / 'server.log'}", file=sys.stderr)
                return 1
    finally:
        broker.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
