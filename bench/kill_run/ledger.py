"""The client's ledger: every attempt and its outcome, written to disk."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import orjson

Outcome = Literal["ok", "fail", "unknown"]


@dataclass
class Ledger:
    """An append-only file; `keep_durable` syncs it every few milliseconds."""

    path: Path
    acked: dict[str, str] = field(default_factory=dict)
    """Order number -> order id, as answered."""
    attempted: set[str] = field(default_factory=set)
    contradictions: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    walked: dict[str, str] = field(default_factory=dict)
    """Order id -> order number, of the orders that were taken to their revisit."""
    trouble: list[str] = field(default_factory=list)
    """Lifecycles that ended with a refusal or were not finished."""
    closing: bool = False

    def __post_init__(self) -> None:
        self._file = self.path.open("ab")

    def note(self, step: str, number: str, outcome: Outcome, **facts: Any) -> None:
        """One attempt."""
        self.outcomes[f"{step} {outcome}"] += 1
        self._file.write(orjson.dumps({"step": step, "number": number, "outcome": outcome, **facts}) + b"\n")

    def attempt(self, number: str) -> None:
        """An order is about to be sent."""
        self.attempted.add(number)
        self._file.write(orjson.dumps({"step": "push", "number": number}) + b"\n")

    def ack(self, number: str, order_id: str) -> None:
        """The order was acknowledged; two different ids for one number are a contradiction."""
        before = self.acked.setdefault(number, order_id)
        if before != order_id:
            self.contradictions.append(f"{number}: {before} and {order_id}")
        self.note("order", number, "ok", order_id=order_id)

    async def keep_durable(self) -> None:
        """Sync the file until cancelled."""
        while not self.closing:
            self._file.flush()
            await asyncio.to_thread(os.fsync, self._file.fileno())
            await asyncio.sleep(0.05)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
