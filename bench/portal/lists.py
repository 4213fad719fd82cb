"""The portal's list beside the tables of Element Plus: 2,000 rows, the same orders, the same machine."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Route

from bench.portal.browser import ROUNDS
from bench.stand import ROOT
from tools import node
from tools.portal.building import FOLDER as PORTAL

ROWS: Final = 2_000
LISTS: Final = {"ours": "ours", "el-table": "table", "el-table-v2": "windowed"}
_PAGES: Final = Path(__file__).parent / "pages"
_INSTALLED: Final = ROOT / ".venv" / "bench-lists"
_ADDRESS: Final = "http://lists.invalid"
_TYPES: Final = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css"}


def built(folder: Path) -> Path:
    """The pages, built as the portal is."""
    _install()
    if not (PORTAL / "node_modules").exists():
        node.install(PORTAL)
    vite = str(PORTAL / "node_modules" / "vite" / "bin" / "vite.js")
    config = str(_PAGES / "vite.config.js")
    env = {**os.environ, "BENCH_PACKAGES": str(_INSTALLED / "node_modules")}
    node.script(vite, "build", "--config", config, "--outDir", str(folder), "--emptyOutDir", cwd=PORTAL, env=env)
    return folder


def _install() -> None:
    """Element Plus as it is locked, beside the other programs that only developers need."""
    marker = _INSTALLED / "ready"
    locked = (_PAGES / "package-lock.json").read_bytes()
    if marker.exists() and marker.read_bytes() == locked:
        return
    _INSTALLED.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(_PAGES / name, _INSTALLED / name)
    node.install(_INSTALLED)
    marker.write_bytes(locked)


async def measured(opened: Browser) -> dict[str, dict[str, list[float]]]:
    """By the list, milliseconds at 4x until its rows are drawn, and until one changed row is."""
    with tempfile.TemporaryDirectory() as folder:
        pages = built(Path(folder))
        figures: dict[str, dict[str, list[float]]] = {name: {"shown": [], "changed": []} for name in LISTS}
        # In turns, so that a busy moment of the machine meets all of them.
        for _ in range(ROUNDS):
            for name, page in LISTS.items():
                shown, changed = await _round(opened, pages, page)
                figures[name]["shown"].append(shown)
                figures[name]["changed"].append(changed)
        return figures


async def _round(opened: Browser, pages: Path, name: str) -> tuple[float, float]:
    context = await opened.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")

    async def answer(route: Route) -> None:
        path = route.request.url.removeprefix(_ADDRESS).lstrip("/")
        file = pages / path
        if file.is_file():
            await route.fulfill(body=file.read_bytes(), content_type=_TYPES[file.suffix])
        else:
            await route.fulfill(status=404)

    try:
        await context.route(f"{_ADDRESS}/**", answer)
        page = await context.new_page()
        page.set_default_timeout(120_000)
        await page.goto(f"{_ADDRESS}/{name}.html")
        await page.wait_for_function("window.show !== undefined")
        wire = await context.new_cdp_session(page)
        await wire.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        shown: float = await page.evaluate(f"window.show({ROWS})")
        assert await page.get_by_text("枫林小区3号楼").first.is_visible(), f"{name} shows no rows"
        changed: float = await page.evaluate("window.change(3)")
        assert await page.get_by_text("改过的一行").is_visible(), f"{name} does not show the changed row"
        return shown, changed
    finally:
        await context.close()
