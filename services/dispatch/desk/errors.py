"""Why a person whose unit only shares an order cannot do what its lead does."""

from __future__ import annotations

from shared.errors import BusinessError


class NotTheLead(BusinessError):
    """Another unit leads the order."""

    code = "not_the_lead"

    def __init__(self) -> None:
        super().__init__("该工单由其他单位承办，不由本单位办理此项")
