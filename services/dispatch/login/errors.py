"""What is refused of a login."""

from __future__ import annotations

from datetime import datetime

from shared.errors import BusinessError, Incomplete, Unauthenticated


class LoginRefused(Unauthenticated):
    """Account unknown or closed, or wrong password: the same answer, so that nobody learns which accounts exist."""

    code, title = "login_refused", "登录未成功"

    def __init__(self) -> None:
        super().__init__("账号或密码不正确，或账号已停用，请核对后重试")


class CurrentPasswordWrong(Incomplete):
    """The current password, which whoever changes their own must give, is wrong."""

    code = "current_password_wrong"

    def __init__(self) -> None:
        super().__init__("当前密码不正确，请核对后重新提交；连续错误将暂时锁定账号，忘记密码请联系系统管理员重置")


class LoginLocked(BusinessError):
    """Too many failures; the same answer for known and unknown accounts."""

    code, status = "login_locked", 429

    def __init__(self, locked_until: datetime) -> None:
        super().__init__("连续登录失败次数过多，账号已暂时锁定，请 15 分钟后重试或联系系统管理员")
        self.locked_until = locked_until
