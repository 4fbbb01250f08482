"""The application: every row of `ROWS` behind one guard that knows who asks, counts, and keeps the audit log."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from style3d.errors import Style3DError
from style3d.serve.access import Person, person_of
from style3d.serve.refusal import RefusedRequest
from style3d.serve.routes import ROWS, Ask, Row
from style3d.serve.service import Service

VERSION = "1"  # of what can be asked
NOBODY = Person("", "viewer", "")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'",
    "Cache-Control": "no-store",
}


def application(service: Service) -> Starlette:
    """The service as an ASGI application, which starts and stops it."""

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        service.start()
        try:
            yield
        finally:
            await run_in_threadpool(service.stop)

    async def description(_: Request) -> Response:
        return JSONResponse(open_api())

    routes = [Route(row.path, _guard(service, row), methods=[row.method]) for row in ROWS]
    return Starlette(routes=[Route("/openapi.json", description), *routes], lifespan=life)


def _guard(service: Service, row: Row) -> Callable[[Request], Awaitable[Response]]:
    """What answers a row: it refuses whom it must, in one line of JSON."""

    async def answer(request: Request) -> Response:
        began, person = monotonic(), NOBODY
        try:
            person = _person(service, row, request)
            response = await row.answer(Ask(service, person, request))
        except RefusedRequest as error:
            wait = {"Retry-After": str(error.wait)} if error.wait else {}
            response = JSONResponse({"error": str(error)}, error.status, wait)
        except Style3DError as error:
            response = JSONResponse({"error": str(error)}, 422)
        except ClientDisconnect:
            response = JSONResponse({"error": "the client has gone"}, 400)
        except Exception:
            logging.getLogger(__name__).exception("%s %s failed", row.method, row.path)
            response = JSONResponse({"error": "something unforeseen went wrong; the service's log says what"}, 500)
        response.headers.update({key: value for key, value in HEADERS.items() if key not in response.headers})
        if response.status_code in (408, 413):
            response.headers["Connection"] = "close"  # the rest of the body is not read
        seconds = monotonic() - began
        service.counts.note(row.method, row.path, response.status_code, seconds)
        told: dict[str, str | int | float] = {
            "http.response.status_code": response.status_code,
            "enduser.id": person.name,
        }
        service.traces.note(f"{row.method} {row.path}", seconds, told)
        if row.method != "GET" or response.status_code in (401, 403, 429):
            host = request.client.host if request.client else ""
            values: dict[str, Any] = {"person": person.name, "host": host, "status": response.status_code}
            service.audit.tell(f"{row.method} {row.path}", **values, at=request.url.path)
        return response

    return answer


def _person(service: Service, row: Row, request: Request) -> Person:
    """Who asks, if they may.

    Raises:
        RefusedRequest: 401, 403 or 429.
    """
    host = f"host {request.client.host if request.client else ''}"
    if row.right is None:
        service.rate.spend(host)
        return NOBODY
    try:
        person = person_of(request.headers.get("authorization", ""), service.settings.people)
    except RefusedRequest:
        service.rate.spend(host)
        raise
    service.rate.spend(person.name)
    person.check(row.right)
    return person


def open_api() -> dict[str, Any]:
    """What can be asked, as OpenAPI 3.1."""
    paths: dict[str, dict[str, Any]] = {}
    for row in ROWS:
        named = [(part[1:-1], "path") for part in row.path.split("/") if part.startswith("{")]
        named += [(name, "query") for name in row.query]
        told: dict[str, Any] = {
            "summary": row.summary,
            "parameters": [_parameter(name, place) for name, place in named],
            "responses": {"2XX": {"description": row.summary, "content": {row.gives: {}}},
                          "4XX": {"description": "refused, for the reason in error"}},
            "security": [{"token": []}] if row.right else [],
        }  # fmt: skip
        if row.body:
            told["requestBody"] = {"required": True, "content": {"application/json": {"schema": row.body}}}
        paths.setdefault(row.path, {})[row.method.lower()] = told
    return {
        "openapi": "3.1.0", "info": {"title": "style3d", "version": VERSION}, "paths": paths,
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }  # fmt: skip


def _parameter(name: str, place: str) -> dict[str, Any]:
    return {"name": name, "in": place, "required": True, "schema": {"type": "string"}}
