"""Which fields of an order are stored together, and what a new version changed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from services.intake.channels.model import UpstreamOrder
from services.intake.orders.model import DETAIL_FIELDS, FIELDS, PRIVATE_FIELDS
from shared.personal.confidential import known_by, without_caller
from shared.personal.numbers import HIDDEN, plain_phone


def details_of(order: UpstreamOrder) -> dict[str, Any]:
    """The fields that name nobody, without the empty ones."""
    return _filled(order, DETAIL_FIELDS)


def private_of(order: UpstreamOrder) -> dict[str, Any]:
    """The fields that may name a person and have no column of their own, without the empty ones."""
    return _filled(order, PRIVATE_FIELDS)


def _filled(order: UpstreamOrder, names: Iterable[str]) -> dict[str, Any]:
    return {
        name: value
        for name in names
        if (value := getattr(order, name)) is not None and value is not False and value != ()
    }


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the fields whose content differs, in the order of the model (S1.1.4c).

    The number of the revision is none of them: it differs with every change, and says nothing of it.
    """
    compared = (name for name in FIELDS if name != "revision")
    return tuple(name for name in compared if (before.get(name) or None) != (after.get(name) or None))


def plain_words(text: str) -> str:
    """A text as words are compared: one width, one case, without blanks and punctuation."""
    compatible = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in compatible if character.isalnum())


def pairs_of(text: str) -> frozenset[str]:
    """Every two neighbouring characters: a word is in a text only if all its pairs are."""
    plain = plain_words(text)
    return frozenset(plain[at : at + 2] for at in range(len(plain) - 1))


def found_by(order: UpstreamOrder) -> frozenset[tuple[str, str]]:
    """What finds the order: (kind, text) of the pairs of its title and of its telephone numbers.

    Of a confidential order no pair tells who called (X2).
    """
    title = order.title
    if order.hidden:
        title = without_caller(title, known_by(order._asdict())).replace(HIDDEN, " ")
    phones = {plain_phone(number) for number in (order.caller_phone, order.contact_phone) if number}
    return frozenset({("pair", pair) for pair in pairs_of(title)} | {("phone", number) for number in phones if number})
