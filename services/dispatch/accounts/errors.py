"""What is refused of accounts."""

from __future__ import annotations

from shared.errors import BusinessError, Incomplete, NotListed


class AccountUnknown(NotListed):
    """No account of this name."""

    code = "account_not_found"

    def __init__(self, account: str) -> None:
        super().__init__("账号", account)


class AccountExists(BusinessError):
    """The account name is taken."""

    code = "account_exists"

    def __init__(self, account: str) -> None:
        super().__init__("该账号已存在，请换用其他账号名")
        self.account = account


class RolesUnfit(Incomplete):
    """Roles of a unit need a unit, other roles must not have one, and no account has the role of the platform itself."""

    code, clause = "roles_unfit", "S4.2a"

    def __init__(self) -> None:
        super().__init__("承办单位角色必须且只能与所属单位同时填写，且不能与其他角色混用")


class PasswordUnfit(Incomplete):
    """Too short, or it contains the account's name."""

    code = "password_unfit"

    def __init__(self, shortest: int) -> None:
        super().__init__(f"密码至少 {shortest} 位，且不能包含账号名")
        self.shortest = shortest


class LastAdministrator(BusinessError):
    """The last active administrator stays."""

    code = "last_administrator"

    def __init__(self) -> None:
        super().__init__("至少须保留一名启用的系统管理员")
