"""What is sealed, and in which context it opens (X2): the demand, assignments, returns, contacts, notes, replies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from services.dispatch.model import Demand
from services.dispatch.store.words import is_sealed
from shared.calendar import SHANGHAI
from shared.personal.sealing import Sealer


def open_demand(sealer: Sealer, order_id: str, sealed: str) -> Demand:
    """The demand that intake sealed."""
    content = orjson.loads(sealer.open(sealed, f"order:{order_id}:demand"))
    return Demand(content["title"], content["content"])


def contact_context(order_id: str, contact_id: str) -> str:
    """Where the words of a contact open."""
    return f"order:{order_id}:contact:{contact_id}"


def note_context(order_id: str, note_id: str) -> str:
    """Where the text of a progress note opens."""
    return f"order:{order_id}:note:{note_id}"


def reply_context(order_id: str, reply_id: str) -> str:
    """Where a reply opens, here and in the other services."""
    return f"order:{order_id}:reply:{reply_id}"


def grounds_context(order_id: str, reply_id: str) -> str:
    """Where the grounds of a reply's disposition open."""
    return f"order:{order_id}:grounds:{reply_id}"


def opinion_context(order_id: str, reply_id: str) -> str:
    """Where the opinion on a reply opens; review sealed it."""
    return f"order:{order_id}:opinion:{reply_id}"


def assignment_context(order_id: str, number: int, part: str) -> str:
    """Where grounds, reason or decision of an assignment open."""
    return f"order:{order_id}:assignment:{number}:{part}"


def return_context(order_id: str, return_id: str, part: str) -> str:
    """Where reason, policy_basis or decision_reason of a return open."""
    return f"order:{order_id}:return:{return_id}:{part}"


def seal_words(sealer: Sealer, words: str | None, context: str) -> str | None:
    """The words sealed, if there are any."""
    return None if words is None else sealer.seal(words, context)


def open_words(sealer: Sealer, words: str | None, context: str) -> str | None:
    """The words again; also those that lie in clear because they are older than the seal of their column."""
    return sealer.open(words, context) if words is not None and is_sealed(words) else words


def seal_json(sealer: Sealer, content: dict[str, Any], context: str) -> str:
    """A small JSON object, sealed; moments in it are written in the time of Yantai, because people will read them."""
    return sealer.seal(orjson.dumps(content, default=_local, option=orjson.OPT_PASSTHROUGH_DATETIME).decode(), context)


def open_json(sealer: Sealer, sealed: str, context: str) -> dict[str, Any]:
    """The object again."""
    content: dict[str, Any] = orjson.loads(sealer.open(sealed, context))
    return content


def _local(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).isoformat()
    raise TypeError(type(value).__name__)
