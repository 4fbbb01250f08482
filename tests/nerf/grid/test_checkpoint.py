"""Fits that are stopped go on to the same bytes, from files that are checked before they are believed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, final

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import save_file

from style3d.cli import main
from style3d.nerf.grid import checkpoint as grid_state
from style3d.nerf.grid import fit_cache as capture_scene
from style3d.nerf.grid.checkpoint import PARTIAL, FitFile
from style3d.nerf.grid.engine_compiled import CompiledEngine
from style3d.nerf.grid.fit import FitSettings, Level
from style3d.nerf.grid.fit_cache import fitted_grid
from style3d.progress import Silent, Watcher
from tests.nerf.grid.test_fit import pictures_of_a_ball

SMALL = FitSettings(levels=(Level(8, 40), Level(12, 45)), rays=128, downscale=1)


@final
class Notes(Watcher):
    """Writes down the phases, and presses Ctrl-C when so many steps of the second stage are done."""

    def __init__(self, stop: int | None = None) -> None:
        self.phases, self.stop = list[str](), stop

    def phase(self, name: str, total: int) -> None:
        self.phases.append(name)

    def advance(self, count: int, note: str = "") -> None:
        if count == self.stop and "stage 2" in self.phases[-1]:
            raise KeyboardInterrupt


class Place:
    """A capture and the folder where grids are kept."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.capture, self.folder, self.patch = folder / "ball", folder / "kept/grids", monkeypatch
        monkeypatch.setenv("STYLE3D_CACHE", str(folder / "kept"))
        monkeypatch.setattr(grid_state, "CHECKPOINT_SECONDS", 0.0)
        pictures_of_a_ball(self.capture, 9, 12)

    def fit(self, watcher: Watcher | None = None, settings: FitSettings = SMALL) -> None:
        fitted_grid(self.capture, settings, watcher or Silent())

    def stop(self, settings: FitSettings = SMALL) -> Path:
        """Stop a fit; what it left."""
        with pytest.raises(KeyboardInterrupt, match="goes on with it"):
            self.fit(Notes(20), settings)
        return next(self.folder.glob(f"*{PARTIAL}"))

    def only(self) -> tuple[Any, bytes]:
        """What the only file there holds: its head, whose order is left to chance, and the arrays' bytes."""
        (path,) = self.folder.iterdir()
        assert not path.name.endswith(PARTIAL)
        content = path.read_bytes()
        start = 8 + int.from_bytes(content[:8], "little")
        return json.loads(content[8:start]), content[start:]

    def whole(self) -> tuple[Any, bytes]:
        """What a fit that nothing stops leaves."""
        self.fit()
        content = self.only()
        next(self.folder.iterdir()).unlink()
        return content


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


def press_at(step: int, patch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of a step."""
    numbers, update = count(), CompiledEngine.update

    def stopped(*arguments: object) -> None:
        if next(numbers) == step:
            raise KeyboardInterrupt
        update(*arguments)

    patch.setattr(CompiledEngine, "update", stopped)


@pytest.mark.parametrize(("pressed", "goes_on"), [(25, 21), (41, 35), (43, 2), (84, 44)])
def test_a_stopped_fit_goes_on_to_the_same_bytes(place: Place, pressed: int, goes_on: int) -> None:
    """From the state of up to six steps before, in either stage."""
    whole, ticks = place.whole(), count(1)
    with place.patch.context() as patch:
        patch.setattr(FitFile, "due", property(lambda _: next(ticks) % 7 == 0))
        press_at(pressed, patch)
        with pytest.raises(KeyboardInterrupt):
            place.fit()
    notes = Notes()
    place.fit(notes)
    assert notes.phases[1] == f"going on at step {goes_on}"
    assert ("stage 1" in notes.phases[2]) == (pressed <= 41)
    assert place.only() == whole


def test_a_fit_stopped_twice_goes_on(place: Place) -> None:
    whole = place.whole()
    place.stop()
    with pytest.raises(KeyboardInterrupt):
        place.fit(Notes(40))
    notes = Notes()
    place.fit(notes)
    assert notes.phases[1] == "going on at step 40"
    assert place.only() == whole


WRONG: dict[str, Callable[[dict[str, Any], dict[str, Any]], object]] = {
    "stage": lambda place, arrays: place.update(stage=2),
    "step": lambda place, arrays: place.update(step=46),
    "place": lambda place, arrays: place.pop("loss"),
    "order": lambda place, arrays: arrays.update(vertices=arrays["vertices"][::-1].copy()),
    "kind": lambda place, arrays: arrays.update(count=arrays["count"].astype(np.float32)),
    "shape": lambda place, arrays: arrays.update(gains=arrays["gains"][1:]),
    "not finite": lambda place, arrays: arrays["table"].fill(np.nan),
    "negative": lambda place, arrays: arrays["second"].fill(-1),
    "gone": lambda place, arrays: arrays.pop("gains"),
}


def damaged(path: Path, damage: str) -> None:
    with safe_open(path, framework="numpy") as file:
        meta, arrays = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    where = json.loads(meta["place"])
    WRONG[damage](where, arrays)
    save_file(arrays, path, {**meta, "place": json.dumps(where)})


@pytest.mark.parametrize("damage", ["bytes", "cut", "another's", *WRONG])
def test_states_that_cannot_be_used_are_ignored(place: Place, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    path = place.stop()
    if damage == "bytes":
        path.write_bytes(b"damaged")
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-1000])
    elif damage == "another's":
        path.unlink()
        place.stop(replace(SMALL, seed=1)).rename(path)
    else:
        damaged(path, damage)
    notes = Notes()
    place.fit(notes)
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("the state of an unfinished fit cannot be used")
    assert "going on" not in "".join(notes.phases)
    assert len(place.only()[1]) > 1000


def test_states_count_among_what_is_kept(place: Place) -> None:
    place.folder.mkdir(parents=True)
    old = place.folder / f"old{PARTIAL}"
    old.write_bytes(bytes(1 << 20))
    os.utime(old, (0, 0))
    place.patch.setattr(capture_scene, "LIMIT", 1 << 20)
    place.stop()
    assert not old.exists()


def test_without_a_folder_nothing_is_kept(place: Place, tmp_path: Path) -> None:
    place.patch.setenv("STYLE3D_CACHE", "off")
    with pytest.raises(KeyboardInterrupt) as caught:
        place.fit(Notes(20))
    assert not caught.value.args
    assert [path.name for path in tmp_path.iterdir()] == ["ball"]


def test_a_folder_that_cannot_be_written_stops_no_fit(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.folder.parent.write_text("a file")
    place.fit()
    assert len(caplog.messages) == 2
    assert caplog.messages[0].startswith("the state of the fit cannot be kept")
    assert caplog.messages[1].startswith("the fitted grid is not kept")


def test_the_command_says_that_it_goes_on(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    style = tmp_path / "style.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)).save(style)
    place.patch.setattr("style3d.nerf.grid.fit.FitSettings", lambda **given: replace(SMALL, **given))
    press_at(50, place.patch)
    arguments = [
        "nerf",
        place.capture,
        "--style",
        style,
        "--output",
        tmp_path / "out.ply",
        "--downscale",
        "1",
        "--quiet",
    ]
    assert main(list(map(str, arguments))) == 130
    said = capsys.readouterr().err
    assert said == "style3d: interrupted; the fit is kept as far as it came, and the same command goes on with it\n"
