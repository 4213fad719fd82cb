"""What concerns a person, by roles and unit."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from services.dispatch.news.model import Interest, News
from services.dispatch.news.policy import AUDIENCES
from services.dispatch.timeline.model import Topic


def interest_of(account: str, roles: AbstractSet[str], unit: str | None) -> Interest:
    """What concerns the person of this account."""

    def topics(part: str) -> frozenset[Topic]:
        return frozenset(topic for topic, one in AUDIENCES.items() if getattr(one, part) & roles)

    return Interest(
        account=account,
        unit=unit,
        own=topics("of_unit") if unit is not None else frozenset(),
        everywhere=topics("of_centre"),
        unassigned=topics("of_nobody"),
    )


def concerns(interest: Interest, news: News) -> bool:
    """Whether the person is told of it; nobody is told what he did himself."""
    if news.actor == interest.account:
        return False
    return (
        news.topic in interest.everywhere
        or (news.unit is None and news.topic in interest.unassigned)
        or (news.unit is not None and news.unit == interest.unit and news.topic in interest.own)
    )
