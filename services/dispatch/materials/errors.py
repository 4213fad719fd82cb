"""What is refused of the files of an order."""

from __future__ import annotations

from shared.errors import NotFound


class AttachmentUnknown(NotFound):
    """No such file, or another unit's (S4.2a)."""

    code = "attachment_not_found"

    def __init__(self, attachment_id: str) -> None:
        super().__init__("附件", attachment_id)
