"""Sign the webhooks as an upstream does: an unsigned one would only ever see 401."""

from __future__ import annotations

import json
import os
import time
from typing import Any

import schemathesis

from sample.upstream import signed_headers

_SECRETS = json.loads(os.environ.get("GONGDAN_FUZZ_CHANNELS", "{}"))


def _bytes_of(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    return json.dumps(body).encode()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Give a webhook its three headers, computed over the bytes that go out."""
    if not case.operation.path.startswith("/v1/channels/") or case.meta is None:
        return
    secret = _SECRETS.get((case.path_parameters or {}).get("channel"), {}).get("in")
    if secret is None or not isinstance(case.body, (dict, list, str, int, float, bool, bytes, type(None))):
        return
    body = _bytes_of(case.body)
    case.body = body
    headers = dict(case.headers or {})
    headers.update(signed_headers(secret, body, now=int(time.time())))
    case.headers = headers
