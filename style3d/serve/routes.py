"""What can be asked of the service: a row for each method and path, with the right it needs and what it does."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from shutil import rmtree
from typing import Any, final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse

from style3d.serve.access import Person, Right
from style3d.serve.bodies import read_json
from style3d.serve.dispatch import FREE, Cancellation, check_order, planned_order
from style3d.serve.order_book import Order, Upload, new_id
from style3d.serve.refusal import RefusedRequest
from style3d.serve.service import Service
from style3d.serve.standing_events import standing_events
from style3d.serve.uploads import check_name, receive, unpack
from style3d.serve.usage import check_job_quota, room_for_upload

TEXT = {"type": "string"}
ORDER = {
    "type": "object", "required": ["asset", "look"],
    "properties": {
        "asset": TEXT, "look": TEXT,
        "settings": {"type": "object", "properties": {name.replace("_", "-"): {} for name in FREE}},
    },
}  # fmt: skip


@final
@dataclass(frozen=True)
class Ask:
    """A request that is allowed: who asks what of whom."""

    service: Service
    person: Person
    request: Request

    @property
    def order(self) -> Order:
        """The order that the path names.

        Raises:
            RefusedRequest: 404, there is none, or it is somebody else's.
        """
        found = self.service.book.order(self.request.path_params["id"])
        if found is None or not (found.person == self.person.name or self.person.may("see all")):
            raise RefusedRequest(404, "there is no such job", hint="GET /jobs lists yours")
        return found


@final
@dataclass(frozen=True)
class Row:
    """Something that can be asked. Concretely: GET /looks, of who sees own jobs."""

    method: str
    path: str
    summary: str
    right: Right | None  # None: of everybody
    answer: Callable[[Ask], Awaitable[Response]]
    body: Mapping[str, Any] = field(default_factory=dict)  # schema of a JSON body
    query: tuple[str, ...] = ()
    gives: str = "application/json"


def order_json(ask: Ask, order: Order) -> dict[str, Any]:
    """An order as people see it."""
    values = {name: value for name, value in asdict(order).items() if name not in ("target", "paint")}
    return {**values, **ask.service.board.standing(order).to_json(), "files": sorted(ask.service.files_of(order))}


async def _looks(ask: Ask) -> Response:
    found = ask.service.settings.looks.items()
    return JSONResponse(
        [{"name": name, **asdict(look.credit), "assets": look.assets, "people": look.people} for name, look in found]
    )


async def _assets(ask: Ask) -> Response:
    own = [{"name": one.name, **asdict(one.credit)} for one in ask.service.settings.assets.values()]
    sent = [{"id": one.id, "name": one.name, "bytes": one.bytes} for one in ask.service.book.uploads(ask.person.name)]
    return JSONResponse({"assets": own, "uploads": sent})


async def _upload(ask: Ask) -> Response:
    service, name = ask.service, check_name(ask.request.query_params.get("name", ""))
    most, id = room_for_upload(service.book, ask.person.name, service.settings.limits), new_id()
    folder = service.uploads / id
    folder.mkdir()
    try:
        file = folder / name
        size = await receive(ask.request.stream(), file, most, service.settings.limits.upload_seconds)
        if file.suffix.lower() == ".zip":
            archive = file.rename(folder / "upload")
            file, size = await run_in_threadpool(unpack, archive, folder / "files", most)
            archive.unlink()
    except BaseException:
        rmtree(folder, ignore_errors=True)
        raise
    where = file.relative_to(service.uploads).as_posix()
    service.book.add_upload(Upload(id, ask.person.name, name, where, size, time.time()))
    service.counts.note_upload(size)
    return JSONResponse({"id": id, "name": name, "bytes": size}, 201)


async def _remove(ask: Ask) -> Response:
    upload = ask.service.upload_of(ask.request.path_params["id"], ask.person.name)
    if any(order.asset == upload.id for order in ask.service.book.open_orders()):
        raise RefusedRequest(409, "a job of this asset has not ended", hint="cancel it first")
    ask.service.book.remove_upload(upload.id)
    await run_in_threadpool(rmtree, ask.service.uploads / upload.id, True)
    return Response(status_code=204)


async def _submit(ask: Ask) -> Response:
    service, values = ask.service, await read_json(ask.request, ORDER)
    asset, look, settings = str(values["asset"]), str(values["look"]), values.get("settings", {})
    check_job_quota(service.book, ask.person.name, service.settings.limits)
    if asset in service.settings.assets:
        check_order(service.settings, ask.person.name, asset, look)
    else:
        check_order(service.settings, ask.person.name, service.upload_of(asset, ask.person.name).name, look)
    credit = asdict(service.settings.looks[look].credit)
    order = Order(new_id(), ask.person.name, asset, look, settings, credit, time.time())
    planned = await run_in_threadpool(planned_order, order, service.settings, service.asset_of(order))
    order = replace(order, target=planned.enrolled.target)
    service.book.add_order(order)
    service.dispatcher.submit(order)
    return JSONResponse(order_json(ask, order), 202, {"Location": f"/jobs/{order.id}"})


async def _jobs(ask: Ask) -> Response:
    person = None if ask.person.may("see all") else ask.person.name
    return JSONResponse([order_json(ask, order) for order in ask.service.book.orders(person)])


async def _job(ask: Ask) -> Response:
    return JSONResponse(order_json(ask, ask.order))


async def _events(ask: Ask) -> Response:
    stream = standing_events(ask.service, ask.order.id)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def _cancel(ask: Ask) -> Response:
    order = ask.order
    if order.person != ask.person.name:
        ask.person.check("rule")
    if order.has_ended:
        raise RefusedRequest(409, f"the job is {order.state} already")
    ask.service.dispatcher.submit(Cancellation(order, ask.person.name))
    return JSONResponse(order_json(ask, order), 202)


async def _files(ask: Ask) -> Response:
    return JSONResponse({name: file.stat().st_size for name, file in ask.service.files_of(ask.order).items()})


async def _file(ask: Ask) -> Response:
    name = ask.request.path_params["name"]
    file: Path | None = ask.service.files_of(ask.order).get(name)  # no path is made of what a client says
    if file is None:
        raise RefusedRequest(404, f"the job has no file {name[:80]!r}", hint="GET /jobs/ID/files lists them")
    return FileResponse(file, filename=name, media_type="application/octet-stream")


async def _counts(ask: Ask) -> Response:
    uptime = time.time() - ask.service.began
    return PlainTextResponse(ask.service.counts.text(ask.service.book.counts(), uptime))


async def _health(ask: Ask) -> Response:
    return JSONResponse({"ok": True})


async def _ready(ask: Ask) -> Response:
    ready = ask.service.dispatcher.is_ready and not ask.service.closing.is_set()
    return JSONResponse({"ready": ready}, 200 if ready else 503)


async def _audit(ask: Ask) -> Response:
    return PlainTextResponse(await run_in_threadpool(ask.service.last_audits))


ROWS = (
    Row("GET", "/health", "whether the process lives", None, _health),
    Row("GET", "/ready", "whether it takes jobs", None, _ready),
    Row("GET", "/looks", "looks, with their licence, and who may apply them to what", "see own", _looks),
    Row("GET", "/assets", "assets of the service, and your uploads", "see own", _assets),
    Row("POST", "/assets", "send an asset, or a ZIP with one: the body is the file", "paint", _upload, query=("name",)),
    Row("DELETE", "/assets/{id}", "delete an upload", "paint", _remove),
    Row("POST", "/jobs", "have an asset painted in a look", "paint", _submit, body=ORDER),
    Row("GET", "/jobs", "your jobs; all jobs for a viewer or an admin", "see own", _jobs),
    Row("GET", "/jobs/{id}", "how far a job is, or what became of it", "see own", _job),
    Row("GET", "/jobs/{id}/events", "the same as server-sent events, until it ends", "see own", _events,
        gives="text/event-stream"),
    Row("DELETE", "/jobs/{id}", "cancel a job", "paint", _cancel),
    Row("GET", "/jobs/{id}/files", "names and sizes of what was written", "see own", _files),
    Row("GET", "/jobs/{id}/files/{name}", "one of these files", "see own", _file, gives="application/octet-stream"),
    Row("GET", "/metrics", "counts of jobs and requests, for Prometheus", "see all", _counts, gives="text/plain"),
    Row("GET", "/audit", "the last thousand lines of who did what, as JSON lines", "rule", _audit, gives="text/plain"),
)  # fmt: skip
