"""What a person searches for."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from services.intake.orders.rules import plain_words
from services.intake.searching.errors import SearchEmpty
from services.intake.searching.model import Search
from shared.personal.numbers import LONGEST_PHONE, PHONE_FORM, plain_phone
from shared.web import Body, Line

_SHORTEST_WORD = 2
_TITLES = {"order_no": "工单编号", "words": "标题词语", "phone": "电话号码"}


class SearchBody(Body):
    """At least one of the three; an order that is found fits all that are given."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"words": "占道 经营"}, {"order_no": "YT2026112300001"}],
            "anyOf": [
                {"required": [name], "properties": {name: {"type": "string", "title": title}}}
                for name, title in _TITLES.items()
            ],
        }
    )

    order_no: Annotated[
        Line | None, Field(title=_TITLES["order_no"], description="上级平台编号或本平台编号，完整填写")
    ] = None
    words: Annotated[
        Line | None, Field(title=_TITLES["words"], description="标题中的词语，每个至少两个字，以空格分隔，须全部出现")
    ] = None
    phone: Annotated[
        Annotated[str, StringConstraints(pattern=PHONE_FORM, max_length=LONGEST_PHONE)] | None,
        Field(title=_TITLES["phone"], description="来电号码或联系方式，完整填写；每次查询均留痕"),
    ] = None

    def as_search(self) -> Search:
        """The same for the handler; SearchEmpty."""
        words = tuple(plain_words(word) for word in (self.words or "").split())
        phone = plain_phone(self.phone) if self.phone else None
        if any(len(word) < _SHORTEST_WORD for word in words) or not (self.order_no or words or phone):
            raise SearchEmpty
        return Search(self.order_no, words, phone)
