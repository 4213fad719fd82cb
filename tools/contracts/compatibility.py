"""Whether an event is still compatible with what its readers were promised.

Readers ignore what they do not know, so one change is allowed: a new field that is not required. Everything else is a
V2 beside V1. The package jsoncompat does not fit: it calls a new optional field a break, because the earlier schema
allowed any value under that name.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

Schema = Mapping[str, Any]

_DESCRIPTIVE: Final = frozenset({"title", "description", "default", "examples", "$schema", "$comment"})
_PROMISES: Final = ("$id", "x-topic", "x-publisher")


def breaks(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The breaks from `before` to `after`, a line each; both map path -> text, as in contracts/."""
    found = []
    for path, text in sorted(before.items()):
        if not path.startswith("events/"):
            continue
        if path not in after:
            found.append(f"{path}: the event is gone; readers may still wait for it")
            continue
        old, new = json.loads(text), json.loads(after[path])
        found += [f"{path}: {name} changed" for name in _PROMISES if old.get(name) != new.get(name)]
        found += [f"{path}: {fault}" for fault in breaks_of_schema(old, new)]
    return found


def breaks_of_schema(old: Schema, new: Schema) -> list[str]:
    """The same for one event's schema."""
    return [*_breaks(old, new, (old, new), "")]


def promised(root: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """(commit, documents) of the commits to compare with: the newest one, and where this branch left the main line.

    Nothing where there is no git, or no commit yet.
    """
    for name in dict.fromkeys(commit for ref in ("HEAD", "origin/main", "main") if (commit := _base(root, ref))):
        paths = _git(root, "ls-tree", "-r", "--name-only", name, "contracts/events")
        if paths:
            yield (
                name[:12],
                {
                    path.removeprefix("contracts/"): _git(root, "show", f"{name}:{path}") or "{}"
                    for path in paths.splitlines()
                },
            )


def _breaks(old: Schema, new: Schema, roots: tuple[Schema, Schema], where: str) -> Iterator[str]:
    old, new = _resolved(old, roots[0]), _resolved(new, roots[1])
    place = where or "the event"
    olds, news = old.get("properties", {}), new.get("properties", {})
    for name in olds:
        path = f"{where}.{name}" if where else name
        if name not in news:
            yield f"{path} is gone (removed or renamed)"
        else:
            yield from _breaks(olds[name], news[name], roots, path)
    was, now = set(old.get("required", ())), set(new.get("required", ()))
    yield from (f"{place} newly requires {name}" for name in sorted(now - was))
    yield from (f"{place} no longer promises {name}" for name in sorted((was - now) & set(news)))
    for keyword in ("items", "additionalProperties"):
        if isinstance(old.get(keyword), dict) and isinstance(new.get(keyword), dict):
            yield from _breaks(old[keyword], new[keyword], roots, f"{where}[]")
    if _shape(old, roots[0]) != _shape(new, roots[1]):
        yield f"{place} changed its type"


def _shape(schema: Schema, root: Schema) -> Any:
    """What a schema says about a value itself; its fields, items and required names are compared separately."""
    apart = {"properties", "required", "$defs", *_PROMISES}
    shape: dict[str, Any] = {}
    for name, value in schema.items():
        if name in apart or name in _DESCRIPTIVE:
            continue
        if name in {"items", "additionalProperties"} and isinstance(value, dict):
            shape[name] = "compared apart"
        elif name in {"anyOf", "oneOf", "allOf"}:
            shape[name] = sorted(json.dumps(_whole(part, root), sort_keys=True) for part in value)
        elif name == "enum":
            shape[name] = sorted(map(str, value))
        else:
            shape[name] = value
    return shape


def _whole(schema: Any, root: Schema) -> Any:
    """`schema` with its references resolved and its descriptions left out."""
    if isinstance(schema, dict):
        return {
            name: {field: _whole(part, root) for field, part in value.items()}
            if name == "properties"
            else _whole(value, root)
            for name, value in _resolved(schema, root).items()
            if name not in _DESCRIPTIVE
        }
    return [_whole(part, root) for part in schema] if isinstance(schema, list) else schema


def _resolved(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return schema


def _base(root: Path, ref: str) -> str | None:
    return _git(root, "rev-parse", "HEAD") if ref == "HEAD" else _git(root, "merge-base", "HEAD", ref)


def _git(root: Path, *arguments: str) -> str | None:
    """Git's output, None when it is empty or git is missing."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False, timeout=60)
    except FileNotFoundError:
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None
