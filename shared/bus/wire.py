"""A message as the bytes that every adapter stores, checked once for all of them."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from shared.bus.port import Message, MessageRefused

#: Key, value and headers of one message, in bytes. Kafka's own default limit is 1,048,588 for a record with its framing.
MAX_MESSAGE_BYTES: Final = 1_000_000


class Wire(NamedTuple):
    """One message in bytes; `headers` are pairs of name and value."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


def encoded(messages: Sequence[Message], limit: int = MAX_MESSAGE_BYTES) -> list[Wire]:
    """Return the messages in bytes, in their order; raise MessageRefused before the first of them is sent.

    Refused are messages above `limit` bytes, and keys or headers that have no UTF-8 form (lone surrogates).
    """
    return [_encoded(index, message, limit) for index, message in enumerate(messages)]


def _encoded(index: int, message: Message, limit: int) -> Wire:
    try:
        key = message.key.encode()
        headers = tuple([(name, value.encode()) for name, value in message.headers.items()])
        size = len(key) + len(message.value) + len("".join(message.headers).encode())
        for _, value in headers:
            size += len(value)
    except UnicodeEncodeError as error:
        shown = message.key.encode(errors="backslashreplace").decode()
        raise MessageRefused(index, shown, "键或消息头含有无法用 UTF-8 表示的字符") from error
    if size > limit:
        raise MessageRefused(index, message.key, f"消息共 {size} 字节，超过上限 {limit} 字节，请拆分或改传附件链接")
    return Wire(message.topic, key, message.value, headers)
