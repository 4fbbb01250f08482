"""Workers of a Dask cluster: a local one of processes, of which one is killed in the middle."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from style3d.batch.dask_workers import DaskWorkers
from style3d.batch.ledger import Ledger
from style3d.errors import Style3DError
from style3d.progress import Silent, Watcher
from tests.batch.test_runner import PaintedTask, PaintTask, done, feign, jobs_of, run

distributed = pytest.importorskip("distributed", reason="no distributed: pip install 'style3d[cluster]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # distributed warns of ports, of clocks, and of what it closes


def feign_and_kill_one(task: PaintTask, watcher: Watcher) -> PaintedTask:
    """As `feign`, but the first worker that comes to asset b is killed."""
    mark = task.folder / "killed"
    if task.job.model.stem == "b" and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return feign(task, Silent())


@pytest.fixture
def library(tmp_path: Path) -> Path:
    (tmp_path / "kit").mkdir()
    for name in "abcdef":
        (tmp_path / f"kit/{name}.glb").write_bytes(f"asset {name}".encode())
    (tmp_path / "oil.png").write_bytes(b"a picture")
    (tmp_path / "out/_batch").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def address() -> Iterator[str]:
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    yield cluster.scheduler_address
    cluster.close()


def test_a_worker_that_is_killed_costs_nothing(library: Path, address: str) -> None:
    ledger = Ledger(library / "out/_batch/ledger.sqlite")
    run(ledger, jobs_of(library), DaskWorkers(feign_and_kill_one, address))
    assert (library / "out/_batch/killed").exists()
    assert ledger.counts() == {"done": 6}
    assert set(done(library)) == {f"oil/{name}" for name in "abcdef"}
    assert len({row.kept.output_hash for row in ledger.jobs() if row.kept}) == 6
    ledger.close()


def test_no_scheduler_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("style3d.batch.dask_workers.PATIENCE", 1)
    with pytest.raises(Style3DError, match="no Dask scheduler answers"):
        DaskWorkers(feign, "tcp://127.0.0.1:1")
