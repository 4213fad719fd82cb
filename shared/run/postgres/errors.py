"""Why an embedded server cannot run, in words for the person who started it."""

from pathlib import Path


class PostgresFailed(RuntimeError):
    """内置数据库不能启动或停止。"""

    code = "postgres_failed"


class PostgresInUse(PostgresFailed):
    """数据目录正由另一个进程使用。"""

    code = "postgres_in_use"

    def __init__(self, home: Path) -> None:
        super().__init__(f"内置数据库的数据目录 {home} 正由另一个进程使用；请先停止它，或换一个数据目录。")
        self.home = home


class PortTaken(PostgresFailed):
    """指定的端口已被占用。"""

    code = "postgres_port_taken"

    def __init__(self, port: int) -> None:
        super().__init__(f"端口 {port} 已被其他程序占用；请换一个端口，或不指定端口。")
        self.port = port
