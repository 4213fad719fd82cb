"""What is sealed, and in which context it opens (X2): extensions, the words of a grant, why a clock was set by hand."""

from __future__ import annotations

from uuid import UUID

from services.sla.store.words import parted
from services.sla.tables import ClockChange
from shared.personal.sealing import Sealer, is_sealed


def consent_context(order_id: str, extension_id: UUID) -> str:
    """Where the caller's word on an extension opens."""
    return f"order:{order_id}:extension:{extension_id}"


def extension_context(order_id: str, extension_id: UUID, part: str) -> str:
    """Where citation, explanation, override_reason or decision_reason of an extension open."""
    return f"order:{order_id}:extension:{extension_id}:{part}"


def clock_context(order_id: str, clock_id: UUID, part: str) -> str:
    """Where the note of a clock that was started by hand opens, and the reason why it was stopped (`stop`)."""
    return f"order:{order_id}:clock:{clock_id}:{part}"


def change_context(order_id: str, change_id: UUID) -> str:
    """Where the words beside the reason of a change open."""
    return f"order:{order_id}:clock_change:{change_id}"


def seal_words(sealer: Sealer, words: str | None, context: str) -> str | None:
    """The words sealed, if there are any."""
    return None if words is None else sealer.seal(words, context)


def open_words(sealer: Sealer, words: str | None, context: str) -> str | None:
    """The words again; also those that lie in clear because they are older than the seal of their column."""
    return sealer.open(words, context) if words is not None and is_sealed(words) else words


def reason_of(sealer: Sealer, order_id: str, change: ClockChange, *, words: bool) -> str:
    """Why a due moment moved; what a person wrote beside it only with `words`.

    A change that is older than the seal has both in its reason.
    """
    reason, said = parted(change.reason)
    if change.words is not None:
        said = sealer.open(change.words, change_context(order_id, change.id))
    return f"{reason}：{said}" if words and said is not None else reason
