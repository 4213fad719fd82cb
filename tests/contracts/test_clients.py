"""A client generated from each committed API document compiles, and takes every example of the seven channels."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from services.intake.channels.policy import CHANNELS
from services.intake.channels.schemas import pascal, schema_name
from tools.clients.generating import compile_typescript, python, services, typescript
from tools.node import NodeFailed

ROOT: Final = Path(__file__).resolve().parents[2]
INTAKE: Final = json.loads((ROOT / "contracts" / "openapi" / "intake.json").read_text(encoding="utf-8"))
KINDS: Final = ("orders", "cancellations", "urges", "revisits", "redos", "states")
# All modules of a generated package, and each example through its class and back.
READING: Final = """
import importlib, json, pkgutil, sys
service, bodies = sys.argv[1], json.loads(sys.stdin.read())
package = importlib.import_module(f"gongdan_{service}")
for module in pkgutil.walk_packages(package.__path__, f"gongdan_{service}."):
    importlib.import_module(module.name)
models = importlib.import_module(f"gongdan_{service}.models")
for name, body in bodies:
    again = getattr(models, name).from_dict(body).to_dict()
    assert again == body, (name, body, again)
"""


def bodies() -> list[tuple[str, Any]]:
    """(name of its schema, example) for each channel and kind of request, and for the feedback."""
    shown = {kind: INTAKE["paths"][f"/v1/channels/{{channel}}/{kind}"]["post"] for kind in KINDS}
    shown["feedback"] = INTAKE["webhooks"]["feedback"]["post"]
    found = []
    for kind, operation in shown.items():
        for name, example in operation["requestBody"]["content"]["application/json"]["examples"].items():
            channel = next(each for code, each in CHANNELS.items() if f"{name}_".startswith(f"{code}_"))
            schema = f"{pascal(channel.code)}Feedback" if kind == "feedback" else schema_name(channel, kind)
            found.append((schema, example["value"]))
    return found


def test_there_is_an_example_of_every_kind_for_every_channel() -> None:
    names = {name for name, _ in bodies()}

    assert names == {schema_name(channel, kind) for channel in CHANNELS.values() for kind in KINDS} | {
        f"{pascal(code)}Feedback" for code in CHANNELS
    }


def test_the_typescript_types_of_all_documents_compile_and_take_the_examples(tmp_path: Path) -> None:
    typescript(tmp_path)
    lines = ['import type { components, webhooks } from "./intake";', "export type Sent = webhooks;"]
    for number, (name, body) in enumerate(bodies()):
        lines.append(f'export const e{number}: components["schemas"]["{name}"] = {json.dumps(body)};')
    (tmp_path / "examples.ts").write_text("\n".join(lines), encoding="utf-8")

    compile_typescript(tmp_path)

    (tmp_path / "wrong.ts").write_text(
        'import type { components } from "./intake";\n'
        'export const wrong: components["schemas"]["City12345Urge"] = { orderNum: 1, operateTime: "" };\n',
        encoding="utf-8",
    )
    with pytest.raises(NodeFailed, match=r"wrong\.ts"):
        compile_typescript(tmp_path)


@pytest.mark.parametrize("service", services())
def test_the_python_client_of_a_document_can_be_imported_and_takes_the_examples(service: str, tmp_path: Path) -> None:
    python(service, tmp_path)

    done = subprocess.run(
        [sys.executable, "-c", READING, service],
        input=json.dumps(bodies() if service == "intake" else []),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr[-3000:]
