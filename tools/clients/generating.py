"""Runs the two generators, and says what they said when they failed."""

import shutil
import sys
from pathlib import Path
from typing import Final

from tools import node

ROOT: Final = Path(__file__).resolve().parents[2]
DOCUMENTS: Final = ROOT / "contracts" / "openapi"
NODE_FOLDER: Final = ROOT / ".venv" / "clients"
"""Where the packages of package-lock.json are installed; they belong to the virtual environment, not to the sources."""
_HERE: Final = Path(__file__).resolve().parent


def services() -> list[str]:
    """The services that have a document."""
    return sorted(path.stem for path in DOCUMENTS.glob("*.json"))


def install() -> None:
    """Install the generator of TypeScript exactly as locked; its packages run no scripts."""
    NODE_FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "types.mjs"):
        shutil.copyfile(_HERE / name, NODE_FOLDER / name)
    node.install(NODE_FOLDER)


def typescript(folder: Path) -> None:
    """Write SERVICE.ts for every service into `folder`."""
    shutil.copyfile(_HERE / "types.mjs", NODE_FOLDER / "types.mjs")
    files = [str(each) for name in services() for each in (DOCUMENTS / f"{name}.json", folder / f"{name}.ts")]
    node.script("types.mjs", *files, cwd=NODE_FOLDER)


def compile_typescript(folder: Path) -> None:
    """Check the types of all files in `folder`; nothing is written."""
    compiler = NODE_FOLDER / "node_modules" / "typescript" / "bin" / "tsc"
    sources = sorted(str(path) for path in folder.glob("*.ts"))
    node.script(str(compiler), "--noEmit", "--strict", "--exactOptionalPropertyTypes", *sources, cwd=folder)


def python(service: str, folder: Path) -> Path:
    """Write the package `gongdan_SERVICE` into `folder`; a part of the document that the generator skips is a failure."""
    target = folder / f"gongdan_{service}"
    settings = folder / f"{service}.yaml"
    settings.write_text("post_hooks: []\n", encoding="utf-8")
    node.program(
        *(sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning", "--overwrite"),
        *("--path", str(DOCUMENTS / f"{service}.json"), "--meta", "none"),
        *("--config", str(settings), "--output-path", str(target)),
        cwd=folder,
    )
    settings.unlink()
    return target
