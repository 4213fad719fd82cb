"""Who called, and where he lives, struck out of the texts of a confidential order (X2).

One function for every service: what a platform, a unit or the centre wrote may name the caller or give a number, and
somebody who may not know the caller reads none of it.  Too much struck out is a text that is harder to read; too little
is a caller who is known.

Where the caller lives is struck out; where it happened is not, because the unit has to go there.  So an address that is also
the place of the incident stays in the texts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from shared.personal.addresses import rests_of, sources_of_address, sources_of_house
from shared.personal.letters import letters_of, plain, spaced
from shared.personal.names import EMAIL, sources_of_name
from shared.personal.numbers import HIDDEN, spans_of_numbers

IDENTIFYING: Final = (
    "caller_name",
    "caller_phone",
    "contact_phone",
    "id_number",
    "email",
    "enterprise_name",
    "credit_code",
)
"""The fields of an order by which its caller is known, beside the one that says where he lives."""

_HOME: Final = "caller_region"
"""Where the caller lives: some platforms write his whole address into it."""
_INCIDENT: Final = ("area", "street", "community", "spot", "address")
"""Where it happened, from the district down to the house; with some platforms joined in the last one."""
_HOME_MARK: Final = "住址："
"""Stands before an address among the words by which a caller is known, so that it is not taken for a name."""

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?")
_FEWEST_KNOWN_DIGITS: Final = 4
_SEVERAL: Final = re.compile(r"[,;/|\n，；、]")


def known_by(*sources: Mapping[str, Any] | Iterable[str] | None) -> tuple[str, ...]:
    """The words by which a caller is known: of fields (by our names, in clear) and of what was known before; sorted.

    His address is one of them, unless the fields name the same place as that of the incident.
    """
    found: set[str] = set()
    places: list[str] = []
    for source in sources:
        if isinstance(source, Mapping):
            values = [source.get(name) for name in IDENTIFYING]
            home = str(source.get(_HOME) or "").strip()
            found |= {_HOME_MARK + home} if rests_of(home) else set()
            where = [str(source.get(name) or "") for name in _INCIDENT]
            places += ["".join(where), *where]
        else:
            values = list(source or ())
        found.update(str(value).strip() for value in values if value)
    homes = {word for word in found if word.startswith(_HOME_MARK)}
    stay = {home for home in homes if _is_among(home.removeprefix(_HOME_MARK), places)}
    return tuple(sorted(found - stay - {""}))


def without_caller(text: str, known: Collection[str]) -> str:
    """`text` without the caller's names and address, and without any telephone number, identity number or e-mail address.

    `known` are the words by which the caller is known, as `known_by` makes them.  Names are found in full and in the short
    forms of `names`, with gaps between their characters and in both scripts; numbers also in full-width or Chinese digits
    and masked; an address with or without its leading parts, its numbers in any notation (`addresses`).  Days, moments and
    the place of the incident stay.

    Not found: Pinyin of a name in characters, homophones, misspellings and nicknames; one character of a given name of two,
    and a given name of one character by itself; a home without the number of its room, or with unit and room only and without
    the name of the estate; the name of an enterprise that is an everyday word, by itself; whatever tells the caller by facts.
    """
    if _MOMENT.fullmatch(text):
        return text
    # Character by character, so that positions stay.
    compared = plain(text)
    struck = [match.span() for pattern in _patterns(tuple(known)) for match in pattern.finditer(compared)]
    struck += [*spans_of_numbers(compared), *(match.span() for match in EMAIL.finditer(compared))]
    parts, reached = [], 0
    for start, end in sorted(struck):
        if start >= reached:
            parts += [text[reached:start], HIDDEN]
        reached = max(reached, end)
    return "".join([*parts, text[reached:]])


def without_caller_in(value: Any, known: Collection[str]) -> Any:
    """The same for every text in a JSON value; names of fields stay."""
    if isinstance(value, str):
        return without_caller(value, known)
    if isinstance(value, Mapping):
        return {name: without_caller_in(one, known) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [without_caller_in(one, known) for one in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        written = str(value)
        return value if without_caller(written, known) == written else HIDDEN
    return value


def _is_among(home: str, places: Iterable[str]) -> bool:
    """Whether one of the places is this address or has it in its name, in whatever notation."""
    shortest = letters_of((rests_of(home) or [home])[-1])
    houses = [re.compile(source) for source in sources_of_house(home)]
    return any(shortest in letters_of(place) or any(house.search(plain(place)) for house in houses) for place in places)


@lru_cache(maxsize=256)
def _patterns(known: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    sources: set[str] = set()
    for words in known:
        if words.startswith(_HOME_MARK):
            sources.update(sources_of_address(words.removeprefix(_HOME_MARK)))
            continue
        for word in (words, *_SEVERAL.split(words)):
            sources.update(_sources(word.strip()))
    return tuple(re.compile(source) for source in sorted(sources, key=len, reverse=True))


def _sources(word: str) -> Iterable[str]:
    """Regular expressions that find one word by which the caller is known."""
    letters = letters_of(word)
    if not all(letter in "0123456789xX" for letter in letters):
        yield from sources_of_name(word)
    elif len(letters) >= _FEWEST_KNOWN_DIGITS:
        yield rf"(?<!\d){spaced(letters)}(?!\d)"
