"""A service as people use it: submit, watch, fetch, cancel, with tokens and limits, and through a restart."""

from __future__ import annotations

import io
import json
import socket
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="no starlette: pip install 'style3d[serve]'")
pytest.importorskip("uvicorn", reason="no uvicorn: pip install 'style3d[serve]'")

from style3d.errors import Style3DError
from style3d.serve.settings import read_settings
from style3d.serve.usage import RefusedRequest, RequestRate
from tests.serve.server import PICTURE, Client, running, write_settings

pytestmark = pytest.mark.filterwarnings("ignore")  # uvicorn warns of what it deprecates


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[Client]:
    with running(write_settings(folder), requests_a_minute=6000, upload_megabytes=1, upload_seconds=2) as found:
        yield found


def submit(client: Client, asset: str = "barrel", person: str = "anna", look: str = "oil", **settings: object) -> str:
    status, job = client.ask(person, "POST", "/jobs", {"asset": asset, "look": look, "settings": settings})
    assert status == 202, job
    return job["id"]


def upload(client: Client, name: str, content: bytes = b"an asset", person: str = "anna") -> str:
    status, told = client.ask(person, "POST", f"/assets?name={name}", content)
    assert status == 201, told
    return told["id"]


def zipped(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_submit_watch_and_fetch(client: Client) -> None:
    id = submit(client, upload(client, "slow.glb"), seed=3)
    status, stream = client.ask("anna", "GET", f"/jobs/{id}/events")
    assert status == 200
    blocks = [block for block in stream.decode().strip().split("\n\n") if not block.startswith(":")]
    events = [block.split("\ndata: ") for block in blocks]
    standings = [json.loads(values) for name, values in events if name == "event: standing"]
    assert standings[-1]["state"] == "done"
    assert any(one["note"].startswith("loss") and one["step"] > 0 for one in standings)
    assert json.loads(events[-1][1]) == {"before": PICTURE, "after": PICTURE}
    _, job = client.ask("anna", "GET", f"/jobs/{id}")
    assert (job["person"], job["seconds"], job["figures"]) == ("anna", 1.5, {"style.gram": 0.5})
    assert job["credit"] == {"licence": "CC0-1.0", "author": "nobody", "source": "made here"}
    assert job["files"] == ["slow.glb"]
    assert client.ask("anna", "GET", f"/jobs/{id}/files/slow.glb") == (200, b"painted slow.glb")
    for name in ("absent.glb", "..%2f..%2forders.sqlite", "%2e%2e/%2e%2e/orders.sqlite"):
        assert client.ask("anna", "GET", f"/jobs/{id}/files/{name}")[0] == 404


CHAIR = {"inner/chair.glb": b"a chair", "inner/_wood & bark.png": b"wood", "__MACOSX/inner/._chair.glb": b"x"}


def test_uploads_are_painted_and_deleted(client: Client) -> None:
    asset = upload(client, "kit.zip", zipped(**CHAIR))
    job = client.wait("anna", submit(client, asset), "done")
    assert job["files"] == ["chair.glb"]
    assert client.ask("bert", "POST", "/jobs", {"asset": asset, "look": "oil"})[0] == 404  # somebody else's
    assert [one["id"] for one in client.ask("anna", "GET", "/assets")[1]["uploads"]].count(asset) == 1
    assert client.ask("bert", "DELETE", f"/assets/{asset}")[0] == 404
    assert client.ask("anna", "DELETE", f"/assets/{asset}")[0] == 204
    assert client.ask("anna", "POST", "/jobs", {"asset": asset, "look": "oil"})[0] == 404


def test_cancelling(client: Client) -> None:
    slow = upload(client, "slow.glb")
    first, second = submit(client, slow), submit(client, slow)
    assert client.ask("anna", "DELETE", f"/assets/{slow}")[0] == 409
    client.wait("anna", first, "running")
    assert client.ask("bert", "DELETE", f"/jobs/{first}")[0] == 404
    assert client.ask("vera", "DELETE", f"/jobs/{first}")[0] == 403
    for id, person in ((first, "anna"), (second, "otto")):
        assert client.ask(person, "DELETE", f"/jobs/{id}")[0] == 202
        assert client.wait("anna", id, "cancelled")["message"] == f"cancelled by {person}"
        assert client.ask("anna", "DELETE", f"/jobs/{id}")[0] == 409
    assert client.wait("anna", submit(client), "done")["files"] == ["barrel.glb"]  # another worker has come


def test_who_may_do_what(client: Client) -> None:
    id = submit(client)
    for person, status in (("", 401), ("nobody", 401), ("bert", 404), ("vera", 200), ("otto", 200), ("anna", 200)):
        assert client.ask(person, "GET", f"/jobs/{id}")[0] == status
    assert client.ask("vera", "POST", "/jobs", {"asset": "barrel", "look": "oil"})[0] == 403
    assert client.ask("vera", "POST", "/assets?name=a.glb", b"x")[0] == 403
    assert client.ask("anna", "GET", "/audit")[0] == 403
    assert client.ask("anna", "GET", "/metrics")[0] == 403
    assert (
        "may not be applied" in client.ask("anna", "POST", "/jobs", {"asset": "barrel", "look": "secret"})[1]["error"]
    )
    assert client.wait("bert", submit(client, "barrel", "bert", "secret"), "done")
    cow = upload(client, "cow.glb", person="bert")
    assert client.ask("bert", "POST", "/jobs", {"asset": cow, "look": "secret"})[0] == 403  # only b*
    assert {job["person"] for job in client.ask("anna", "GET", "/jobs")[1]} == {"anna"}
    assert {job["person"] for job in client.ask("vera", "GET", "/jobs")[1]} == {"anna", "bert"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "no JSON"),
        (b"[" * 50_000, "no JSON"),
        (b"[]", "must be an object"),
        (b" " * 70_000, "larger than"),
        ({"asset": "barrel"}, "asset, look"),
        ({"asset": "barrel", "look": "oil", "output": "/etc/passwd"}, "may have"),
        ({"asset": "absent", "look": "oil"}, "no asset is called"),
        ({"asset": "../oil.png", "look": "oil"}, "no asset is called"),
        ({"asset": "barrel", "look": "mud"}, "no look is called"),
        ({"asset": "barrel", "look": "oil", "settings": {"style": "/etc/passwd"}}, "no setting of an order"),
        ({"asset": "barrel", "look": "oil", "settings": {"seed": "many"}}, "seed"),
        ({"asset": "barrel", "look": "oil", "settings": []}, "must be an object"),
    ],
)
def test_orders_that_are_refused(client: Client, body: object, said: str) -> None:
    status, told = client.ask("anna", "POST", "/jobs", body)
    assert status in (404, 413, 422)
    assert said in told["error"]
    assert "\n" not in told["error"]


BOMB = zipped(**{"big.glb": b"\0" * 5_000_000})
LINK = zipfile.ZipInfo("link.glb")
LINK.external_attr = 0o120777 << 16


def linked() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(LINK, "/etc/passwd")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("../escape.glb", b"x", 422),
        (".hidden.glb", b"x", 422),
        ("run.sh", b"x", 422),
        ("", b"x", 422),
        ("empty.glb", b"", 422),
        ("large.glb", b"x" * 1_100_000, 413),
        ("bomb.zip", BOMB, 413),
        ("escape.zip", zipped(**{"../../escape.glb": b"x"}), 422),
        ("root.zip", zipped(**{"/etc/escape.glb": b"x"}), 422),
        ("back.zip", zipped(**{"..\\escape.glb": b"x"}), 422),
        ("link.zip", linked(), 422),
        ("broken.zip", BOMB[:-30], 422),
        ("none.zip", zipped(**{"readme.txt": b"x"}), 422),
        ("two.zip", zipped(**{"a.glb": b"x", "b.glb": b"x"}), 422),
        ("deep.zip", zipped(**{"/".join("abcdefghij") + "/a.glb": b"x"}), 422),
        ("many.zip", zipped(**{f"{number}.png": b"" for number in range(2100)}), 413),
    ],
)
def test_uploads_that_are_refused(client: Client, folder: Path, name: str, content: bytes, status: int) -> None:
    before = sorted((folder / "data/uploads").iterdir())
    assert len(BOMB) < 20_000
    got, told = client.ask("anna", "POST", f"/assets?name={name}", content)
    assert (got, set(told)) == (status, {"error"})
    assert sorted((folder / "data/uploads").iterdir()) == before
    assert not list(folder.rglob("escape.glb"))


def test_slow_clients_are_dropped(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    head = "POST /assets?name=a.glb HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer anna\r\nContent-Length: 100\r\n\r\n"
    with socket.create_connection(("127.0.0.1", client.port), timeout=30) as one:
        one.sendall(head.encode() + b"x")
        began = time.monotonic()
        assert b" 408 " in one.recv(4096)
        assert time.monotonic() - began < 20
    monkeypatch.setattr("style3d.serve.server.HEAD_SECONDS", 0.5)
    with socket.create_connection(("127.0.0.1", client.port), timeout=30) as one:
        one.sendall(b"GET /health HTT")
        assert one.recv(4096) == b""
    assert client.ask("", "GET", "/health") == (200, {"ok": True})


def test_counts_and_audit(client: Client) -> None:
    client.wait("anna", submit(client), "done")
    text = client.ask("vera", "GET", "/metrics")[1].decode()
    assert 'style3d_jobs{state="done"}' in text
    assert 'style3d_requests_total{method="POST",path="/jobs",status="202"}' in text
    assert 'style3d_request_seconds_bucket{le="+Inf"}' in text
    client.ask("mallory", "POST", "/jobs", {"asset": "barrel", "look": "oil"})
    lines = [json.loads(line) for line in client.ask("otto", "GET", "/audit")[1].decode().splitlines()]
    assert lines[-1].items() >= {"event": "POST /jobs", "person": "", "status": 401, "host": "127.0.0.1"}.items()
    assert any(line.get("person") == "anna" and line["status"] == 202 for line in lines)
    assert "mallory" not in json.dumps(lines)  # no token is written down
    assert client.ask("", "GET", "/ready") == (200, {"ready": True})


def test_description_and_headers(client: Client) -> None:
    status, told = client.ask("", "GET", "/openapi.json")
    assert (status, told["openapi"]) == (200, "3.1.0")
    assert set(told["paths"]["/jobs/{id}"]) == {"get", "delete"}
    assert told["paths"]["/jobs"]["post"]["requestBody"]["content"]["application/json"]["schema"]["required"]
    assert client.ask("anna", "GET", "/nowhere")[0] == 404
    assert client.ask("anna", "PUT", "/jobs")[0] == 405


def test_many_clients_lose_no_job(client: Client) -> None:
    """Twenty at once, each of whom asks for its own job until it is done."""
    with ThreadPoolExecutor(20) as people:
        ids = list(people.map(lambda number: submit(client, person=("anna", "bert")[number % 2]), range(20)))
        done = list(people.map(lambda id: client.wait("otto", id, "done"), ids))
    assert len(set(ids)) == 20
    assert {tuple(job["files"]) for job in done} == {("barrel.glb",)}


def test_it_goes_on_after_a_restart(tmp_path: Path) -> None:
    settings = write_settings(tmp_path)
    with running(settings) as client:
        slow = upload(client, "slow.glb")
        first, second = submit(client, slow), submit(client)
        while not client.wait("anna", first, "running")["step"]:
            time.sleep(0.1)
    with running(settings) as client:
        assert {client.ask("anna", "GET", f"/jobs/{id}")[1]["state"] for id in (first, second)} <= {
            "waiting",
            "running",
        }
        assert client.wait("anna", first, "done")["files"] == ["slow.glb"]
        assert client.wait("anna", second, "done")["files"] == ["barrel.glb"]
    painted = (tmp_path / "data/results/_batch/painted.txt").read_text().split()
    assert len(set(painted)) == 2
    assert len(painted) == 3  # the one that was stopped, twice


def test_limits(tmp_path: Path) -> None:
    limits = {"jobs": 2, "job_seconds": 1, "megabytes": 0.00001, "requests_a_minute": 60}
    with running(write_settings(tmp_path), **limits) as client:
        slow = upload(client, "slow.glb", b"1234567890")
        assert client.ask("anna", "POST", "/assets?name=b.glb", b"x")[0] == 413
        long = submit(client, slow)
        submit(client)
        assert client.ask("anna", "POST", "/jobs", {"asset": "barrel", "look": "oil"})[0] == 429
        submit(client, person="bert")
        assert "it took more than 1 seconds" in client.wait("anna", long, "failed")["message"]
        answers = [client.ask("mallory", "GET", "/jobs")[0] for _ in range(70)]
        assert set(answers) == {401, 429}
        assert client.ask("vera", "GET", "/jobs")[0] == 200  # others are not held up


def test_requests_refill() -> None:
    moment = 0.0
    rate = RequestRate(2, lambda: moment)
    rate.spend("anna")
    rate.spend("anna")
    with pytest.raises(RefusedRequest, match="too many"):
        rate.spend("anna")
    rate.spend("bert")
    moment = 30.0
    rate.spend("anna")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("licence: CC0-1.0, author: nobody, source: made here}\n  secret", "author: me, source: here}\n  secret"),
            "has no licence",
        ),
        (("role: viewer", "role: king"), "no role of vera is called 'king'"),
        (("people:\n", "persons:\n"), "no key of a service"),
        (("sha256: ", "sha256: 12"), "is no SHA-256"),
        (("file: barrel.glb", "file: absent.glb"), "absent.glb"),
        (("style: oil.png", "style: absent.png"), "absent.png"),
        (("assets:\n", "limits: {jobs: -1}\nassets:\n"), "jobs"),
        (("assets:\n", "limits: {cats: 1}\nassets:\n"), "no limit is called 'cats'"),
    ],
)
def test_settings_that_are_refused(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    path = write_settings(tmp_path)
    text = path.read_text()
    assert change[0] in text
    path.write_text(text.replace(*change))
    with pytest.raises(Style3DError, match=said):
        read_settings(path)
