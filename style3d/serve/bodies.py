"""Bodies in JSON are small, and fit the schema of their row."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from style3d.serve.refusal import RefusedRequest

MOST = 64 << 10  # bytes
PATIENCE = 15.0  # seconds until it must be whole


async def read_json(request: Request, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The body, an object with at least what the schema requires and no more than it names.

    Raises:
        RefusedRequest: 408, 413 or 422.
    """
    try:
        values = json.loads(await asyncio.wait_for(_whole(request), PATIENCE))
    except asyncio.TimeoutError:
        raise RefusedRequest(408, "the body came too slowly") from None
    except (ValueError, RecursionError):
        raise RefusedRequest(422, "the body is no JSON") from None
    known, required = schema["properties"], schema["required"]
    if not isinstance(values, dict) or not set(required) <= values.keys() <= set(known):
        raise RefusedRequest(
            422, f"the body must be an object with {', '.join(required)}", hint=f"may have {', '.join(known)}"
        )
    for name, value in values.items():
        wanted = dict if known[name]["type"] == "object" else str
        if not isinstance(value, wanted):
            raise RefusedRequest(422, f"{name} must be {'an object' if wanted is dict else 'text'}")
    return values


async def _whole(request: Request) -> bytes:
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > MOST:
            raise RefusedRequest(413, f"the body is larger than {MOST:,} bytes")
    return content
