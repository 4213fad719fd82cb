"""How a reply is sent to its platform: only to the configured address, without redirects, limited in time and size (R37, R38)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from services.intake.channels.rules import signature
from services.intake.feedback import policy, rules
from services.intake.feedback.model import Outcome

_OK: Final = range(200, 300)
_LONGEST_SECONDS: Final = 10_000_000
_TIMEOUT: Final = httpx.Timeout(policy.FEEDBACK_TIMEOUT_SECONDS).as_dict()


class FeedbackClient:
    """Sends signed replies; a fault of the other side is an Outcome and never an exception."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    @classmethod
    def new(cls) -> FeedbackClient:
        """A transport without a client around it.

        It follows no redirects and asks the environment for no proxy: nothing but the configured address may be called.
        Cookies, authentication and hooks of a client are not needed, and cost half as much again as the request.
        """
        return cls(httpx.AsyncHTTPTransport(trust_env=False))

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def send(
        self,
        url: str,
        key: bytes,
        *,
        webhook_id: str,
        attempt: str,
        body: bytes,
        now: datetime,
        success: Mapping[str, frozenset[str]],
    ) -> Outcome:
        """One attempt: fifteen seconds in all, the answer included; `success` as in channels.model.Channel."""
        seconds = int(now.timestamp())
        headers = {
            "content-type": "application/json",
            "accept": "application/json",
            "accept-encoding": "identity",
            "user-agent": "gongdan",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": signature(key, webhook_id, seconds, body),
            "idempotency-key": webhook_id,
            "x-gongdan-attempt": attempt,
        }
        try:
            # A limit on the whole attempt: httpx limits each read, and an answer that arrives byte by byte never ends.
            async with asyncio.timeout(policy.FEEDBACK_TIMEOUT_SECONDS):
                request = httpx.Request("POST", url, content=body, headers=headers, extensions={"timeout": _TIMEOUT})
                answer = await self._transport.handle_async_request(request)
                try:
                    return await _outcome(answer, now, success)
                finally:
                    await answer.aclose()
        except (TimeoutError, httpx.TimeoutException):
            return Outcome("timeout")
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            return Outcome("unreachable")


async def _outcome(answer: httpx.Response, now: datetime, success: Mapping[str, frozenset[str]]) -> Outcome:
    if answer.status_code not in _OK:
        return Outcome(f"status_{answer.status_code}", answer.status_code, _retry_after(answer, now))
    reason = rules.refutation(
        success,
        content_type=answer.headers.get("content-type", ""),
        encoding=answer.headers.get("content-encoding", ""),
        body=await _read(answer),
    )
    if reason is None:
        return Outcome("acked", answer.status_code)
    return Outcome("not_acknowledged", answer.status_code, _retry_after(answer, now), reason)


async def _read(answer: httpx.Response) -> bytes | None:
    """The bytes of the answer as they came, None when there are too many: it may be endless."""
    read = bytearray()
    assert isinstance(answer.stream, httpx.AsyncByteStream)
    async for piece in answer.stream:
        read += piece
        if len(read) > policy.ANSWER_BYTES:
            return None
    return bytes(read)


def _retry_after(answer: httpx.Response, now: datetime) -> timedelta | None:
    """Seconds or an HTTP date, as RFC 9110 allows; anything else is ignored."""
    said = answer.headers.get("retry-after", "")
    if said.isascii() and said.isdigit():
        return timedelta(seconds=min(int(said[:12]), _LONGEST_SECONDS))
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(timedelta(0), (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now)
