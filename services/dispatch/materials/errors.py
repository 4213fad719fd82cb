"""What is refused of the files that come with a request."""

from __future__ import annotations

from shared.errors import Incomplete, NotFound


class AttachmentUnknown(NotFound):
    """No such file, or another unit's (S4.2a)."""

    code = "attachment_not_found"

    def __init__(self, attachment_id: str) -> None:
        super().__init__("附件", attachment_id)


class MaterialUnfit(Incomplete):
    """A file is not what it says it is."""

    code, clause = "material_unfit", "S2.2.1g"

    def __init__(self, name: str, why: str) -> None:
        words = {
            "not_base64": "内容不是有效的 base64",
            "sha256": "校验值与内容不符",
            "kind": "只接受 PDF、PNG 或 JPEG 文件",
        }
        super().__init__(f"附件“{name}”无法接收：{words.get(why, why)}")
        self.name, self.why = name, why


class MaterialsTooLarge(Incomplete):
    """The files of one request are too large together."""

    code = "materials_too_large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"附件合计超过 {limit_bytes // 1024} KB，请压缩后重新提交")
        self.limit_bytes = limit_bytes
