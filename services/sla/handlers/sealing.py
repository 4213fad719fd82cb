"""Words that were written before their columns were sealed: sealed where they lie (X2)."""

from __future__ import annotations

from services.sla.handlers.sealed import change_context, clock_context, extension_context
from services.sla.store import words
from shared.personal.sealing import is_sealed
from shared.work import Work


async def seal_old_words(work: Work, *, limit: int) -> int:
    """Seal what lies in clear in some extensions, changes and clocks; how many rows there were, 0 when all is sealed."""
    seal = work.sealer.seal
    extensions = await words.clear_extensions(work.session, limit)
    for request in extensions:
        sealed = {
            part: text
            if text is None or is_sealed(text)
            else seal(text, extension_context(request.order_id, request.id, part))
            for part, text in request.words.items()
        }
        await words.keep_extension(work.session, request.id, sealed)
    changes = await words.clear_changes(work.session, limit)
    for change in changes:
        reason, said = words.parted(change.reason)
        if said is not None:
            await words.keep_change(
                work.session, change.id, reason, seal(said, change_context(change.order_id, change.id))
            )
    notes = await words.clear_notes(work.session, limit)
    for clock in notes:
        await words.keep_note(work.session, clock.id, seal(clock.note, clock_context(clock.order_id, clock.id, "note")))
    return len(extensions) + len(changes) + len(notes)
