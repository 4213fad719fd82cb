"""Words that were written before their columns were sealed: sealed where they lie (X2)."""

from __future__ import annotations

from services.dispatch.handlers.sealed import assignment_context, return_context, seal_words
from services.dispatch.store import words
from services.dispatch.tables import AssignmentRecord, ReturnRecord
from shared.work import Work


async def seal_old_words(work: Work, *, limit: int) -> int:
    """Seal what lies in clear in some assignments and returns; how many rows there were, 0 when all is sealed."""
    assignments = await words.clear_assignments(work.session, limit)
    for link in assignments:
        for part in words.ASSIGNMENT_WORDS:
            _seal(work, link, part, assignment_context(link.order_id, link.number, part))
    returns = await words.clear_returns(work.session, limit)
    for request in returns:
        for part in words.RETURN_WORDS:
            _seal(work, request, part, return_context(request.order_id, request.id, part))
    return len(assignments) + len(returns)


def _seal(work: Work, record: AssignmentRecord | ReturnRecord, part: str, context: str) -> None:
    found: str | None = getattr(record, part)
    if found is not None and not words.is_sealed(found):
        setattr(record, part, seal_words(work.sealer, found, context))
