"""What is refused of drafts."""

from __future__ import annotations

from datetime import datetime

from shared.errors import BusinessError, Incomplete, NotFound


class DraftUnknown(NotFound):
    """The person has no draft of this form for this order."""

    code = "draft_not_found"

    def __init__(self, form: str) -> None:
        super().__init__("草稿", form)
        self.message = "没有保存的草稿，或草稿已提交、已删除、超过保存期限"


class DraftChanged(BusinessError):
    """Another tab or machine of the same person has stored, or removed, the draft since it was read."""

    code = "draft_changed"

    def __init__(self, version: int | None, changed_at: datetime | None) -> None:
        if version is None:
            message = "这份草稿已在其他窗口提交或删除，没有保存；要保留现在的内容，请作为新草稿重新保存"
        else:
            message = "这份草稿已在其他窗口修改，没有覆盖；请对照两份内容，再以新版本号保存"
        super().__init__(message)
        self.version, self.changed_at = version, changed_at


class DraftTooLarge(Incomplete):
    """More than one form can hold."""

    code = "draft_too_large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"草稿内容超过上限 {limit_bytes // 1024} KB，请精简内容，或将材料作为附件上传")
        self.limit_bytes = limit_bytes


class TooManyDrafts(BusinessError):
    """The person has as many drafts as one may."""

    code = "too_many_drafts"

    def __init__(self, most: int) -> None:
        super().__init__(f"草稿已达 {most} 份上限，请先提交或删除不再需要的草稿")
        self.most = most
