"""The errors that a client can meet: a stable code, a status, the clause, the facts, and a Chinese message.

422 the request is malformed or incomplete; 409 understood, but refused by the rules; 404 unknown, or an order of another
unit; 401 not logged in; 403 not allowed for this role.  The HTTP layer renders every one of them as problem+json.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal


class BusinessError(Exception):
    """A refusal; `message` says in Chinese what the client can do."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    title: ClassVar[str] = ""
    """The title of the problem; empty for the usual title of the status."""
    clause: ClassVar[str] = ""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def facts(self) -> dict[str, Any]:
        """The public attributes that a subclass set: what a client program needs to react."""
        return {name: value for name, value in vars(self).items() if name != "message" and not name.startswith("_")}


class Incomplete(BusinessError):
    """The request lacks a part that the rules demand, or a part of it makes no sense."""

    code = "incomplete"
    status = 422


class NotFound(BusinessError):
    """Unknown, or of another unit: both get the same answer on purpose (S4.2a)."""

    code = "not_found"
    status = 404

    def __init__(self, what: str, key: str) -> None:
        super().__init__(f"找不到{what}，请核对编号，或确认该{what}属于本单位")
        self.what, self.key = what, key


class NotListed(NotFound):
    """Unknown, among things that belong to no unit, such as units, accounts and rule sets."""

    def __init__(self, what: str, key: str) -> None:
        super().__init__(what, key)
        self.message = f"找不到{what}，请核对填写的编码或编号，或在列表中查找"


class Unauthenticated(BusinessError):
    """The request has no valid login."""

    code = "unauthenticated"
    status = 401

    def __init__(self, message: str = "请先登录后再操作") -> None:
        super().__init__(message)


class Forbidden(BusinessError):
    """The role may not do this."""

    code = "forbidden"
    status = 403

    def __init__(self, message: str = "当前角色无权执行此操作，请联系区89000中心管理员") -> None:
        super().__init__(message)


class Conflict(BusinessError):
    """The record was changed since the client read it; the client reads it again and decides again."""

    code = "changed_meanwhile"

    def __init__(self) -> None:
        super().__init__("该记录刚被他人修改，请刷新后重试")


class Unavailable(BusinessError):
    """The service is overloaded or a dependency is away; try again later."""

    code = "unavailable"
    status = 503

    def __init__(self, message: str = "系统繁忙，请稍后重试", retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PayloadTooLarge(BusinessError):
    """The body is larger than the limit of this address."""

    code = "payload_too_large"
    status = 413

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"请求内容超过上限 {limit_bytes // 1024} KB，请精简内容后重新发送")
        self.limit_bytes = limit_bytes


class UnsupportedContent(BusinessError):
    """The headers of the request name a type, charset or encoding that is not supported; `fault` says which."""

    code = "unsupported_content"
    status = 415

    def __init__(self, fault: Literal["type", "form", "charset", "encoding"]) -> None:
        messages = {
            "type": "请求内容须为 JSON，请将 Content-Type 设为 application/json 后重新发送",
            "form": "请求内容须为表单，请以 multipart/form-data 重新发送",
            "charset": "请求内容须为 UTF-8 编码，请转换编码，并将 Content-Type 的 charset 设为 utf-8 或省略后重新发送",
            "encoding": "请求内容不能压缩，请去掉 Content-Encoding，按原文重新发送",
        }
        super().__init__(messages[fault])
        self.fault = fault
        self.expected = {
            "type": "application/json",
            "form": "multipart/form-data",
            "charset": "utf-8",
            "encoding": "identity",
        }[fault]
