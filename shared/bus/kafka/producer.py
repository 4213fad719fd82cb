"""The idempotent producer: building one, and closing a broken one."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.codec import has_lz4
from aiokafka.errors import KafkaError

#: Bytes of one partition's batch: a publish of some hundred events fits into one.
_BATCH_BYTES: Final = 262_144

#: lz4 costs almost nothing and halves Chinese JSON; aiokafka has it where cramjam is installed (`aiokafka[lz4]`).
_COMPRESSION: Final = "lz4" if has_lz4() else None


async def new_producer(options: Mapping[str, Any], max_request_size: int) -> AIOKafkaProducer:
    """Return a started producer; raise KafkaError or OSError when no broker answers.

    Linger stays 0: while one request is under way the next batch fills by itself, and an idle bus answers at once.
    """
    producer = AIOKafkaProducer(
        **options,
        enable_idempotence=True,
        compression_type=_COMPRESSION,
        linger_ms=0,
        max_batch_size=_BATCH_BYTES,
        max_request_size=max_request_size,
    )
    try:
        await producer.start()
    except BaseException:
        await producer.stop()
        raise
    return producer


async def discarded(producer: AIOKafkaProducer, reason: str) -> None:
    """Close `producer` without waiting for what it could not send; every waiting caller gets KafkaError.

    An idempotent producer never gives a batch up (R12) and, after some errors, never sends again (R13), so its own
    stop() would wait for ever. This waits at most for the running request. aiokafka has no public method for it, so
    private attributes are used. The sender ends before the batches fail, or its callbacks would raise.
    """
    accumulator = producer._message_accumulator  # noqa: SLF001
    producer._closed = accumulator._closed = True  # noqa: SLF001 - later senders are refused at once
    sender = producer._sender.sender_task  # noqa: SLF001
    if sender is not None:
        sender.cancel()
        await asyncio.wait([sender])
    batches = [batch for queue in accumulator._batches.values() for batch in queue]  # noqa: SLF001
    batches += accumulator._pending_batches  # noqa: SLF001
    accumulator.fail_all(KafkaError(f"producer thrown away: {reason}"))
    for batch in batches:
        for outcome in (batch.future, batch._drain_waiter):  # noqa: SLF001
            if outcome.done() and not outcome.cancelled():
                outcome.exception()  # retrieved, or the event loop would log it
    await producer.client.close()
