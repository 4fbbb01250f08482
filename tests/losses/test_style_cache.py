"""Statistics from the disk are those computed, and a change of anything they depend on makes others."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass

import pytest
import torch

from style3d.files.source_digest import FOLDER, source_digest, sources
from style3d.losses import build_features, default_objective, style_cache
from style3d.losses.objective import Objective
from style3d.losses.style_cache import cached_style, style_folder, style_key
from style3d.losses.term import Term
from style3d.paint.style_library import StyleLibrary
from tests.helpers.nets import tiny_objective


def picture(seed):
    return torch.rand(1, 3, 32, 40, generator=torch.Generator().manual_seed(seed))


def test_a_second_time_nothing_is_computed(tmp_path, monkeypatch) -> None:
    objective, images = default_objective(build_features("wavelet")), [(picture(0), 0.7), (picture(1), 0.3)]
    first = cached_style(objective, images, tmp_path)
    monkeypatch.setattr(objective, "prepare_style", None)
    second = cached_style(objective, images, tmp_path)
    assert torch.equal(first.mean_color, second.mean_color)
    for a, b in zip(first.prepared, second.prepared, strict=True):
        assert a.keys() == b.keys()
        assert all(torch.equal(a[name], b[name]) for name in a)


def test_the_key_depends_on_pixels_weights_terms_and_network() -> None:
    wavelet, network = build_features("wavelet"), build_features("network")
    images = [(picture(0), 1.0)]
    keys = {
        style_key(default_objective(wavelet), images),
        style_key(default_objective(network), images),
        style_key(default_objective(wavelet, content_weight=2.0), images),
        style_key(default_objective(wavelet), [(picture(1), 1.0)]),
        style_key(default_objective(wavelet), [(picture(0), 0.5)]),
    }
    assert len(keys) == 5


def test_a_mask_changes_the_key_and_the_statistics(tmp_path) -> None:
    """What a mask leaves out has no say in the mean; another mask is another file."""
    objective, image = tiny_objective(), picture(0)
    left, right = torch.zeros(1, 1, 32, 40), torch.ones(1, 1, 32, 40)
    left[..., :20], right[..., :20] = 1.0, 0.0
    assert len({style_key(objective, [(image, 1.0)], masks) for masks in ([], [left], [right])}) == 3
    found = [cached_style(objective, [(image, 1.0)], tmp_path, [mask]) for mask in (left, right)]
    assert len(list(tmp_path.iterdir())) == 2
    for target, part in zip(found, (image[..., :20], image[..., 20:]), strict=True):
        assert torch.allclose(target.mean_color, part.mean((0, 2, 3)), atol=1e-5)
    pairs = [(a[name], b[name]) for a, b in zip(found[0].prepared, found[1].prepared, strict=True) for name in a]
    assert any(a.shape != b.shape or not torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("kept", [True, False])
def test_statistics_do_not_depend_on_the_number_of_threads(tmp_path, kept) -> None:
    """One thread and two give the same bytes, and the run goes on with as many as it had."""
    objective = default_objective(build_features("wavelet"))
    images = [(torch.rand(1, 3, 301, 403, generator=torch.Generator().manual_seed(0)), 1.0)]
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(cached_style(objective, images, tmp_path / str(threads) if kept else None))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    one, two = found
    assert torch.equal(one.mean_color, two.mean_color)
    for a, b in zip(one.prepared, two.prepared, strict=True):
        assert all(torch.equal(a[name], b[name]) for name in a)


LOSSES, ROOMS = ("style3d.losses",), ("style3d.losses", "style3d.color")


def test_the_code_that_counts_is_what_is_imported() -> None:
    """Terms, networks that are imported late, and the colours they use; no colour module that they do not."""
    named = set(sources(LOSSES, ROOMS))
    wanted = {"losses.objective", "losses.statistics", "losses.features.embedded", "losses.features.clip"}
    assert {f"style3d.{name}" for name in wanted | {"color.match", "color.palette"}} <= named
    assert "style3d.color.interpolate" not in named


@pytest.mark.parametrize("changed", ["losses/moments.py", "losses/features/dictionary.py", "color/palette.py"])
def test_a_changed_source_changes_the_key(tmp_path, monkeypatch, changed) -> None:
    for room in ("losses", "color"):
        shutil.copytree(FOLDER / "style3d" / room, tmp_path / "style3d" / room)
    objective, images, keys = tiny_objective(), [(picture(0), 1.0)], []
    for text in (None, "\n# another way\n"):
        if text:
            with (tmp_path / "style3d" / changed).open("a") as file:
                file.write(text)
        monkeypatch.setattr(style_cache, "_code", lambda: source_digest(LOSSES, ROOMS, tmp_path))
        keys.append(style_key(objective, images))
    assert keys[0] != keys[1]
    (tmp_path / "style3d" / "color" / "interpolate.py").write_text("# nothing here has a say\n")
    assert style_key(objective, images) == keys[1]


def test_a_broken_file_is_computed_anew(tmp_path) -> None:
    objective, images = default_objective(build_features("wavelet")), [(picture(0), 1.0)]
    good = cached_style(objective, images, tmp_path)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    for broken in (whole[:100], whole[:-4], b"", b"\xff" * 64, whole[:-4] + b"\0\0\xc0\x7f"):  # the last ends in a NaN
        path.write_bytes(broken)
        assert torch.equal(cached_style(objective, images, tmp_path).mean_color, good.mean_color)
        assert path.read_bytes() == whole


def test_a_folder_that_cannot_be_written_does_no_harm(tmp_path) -> None:
    objective = default_objective(build_features("wavelet"))
    (tmp_path / "file").write_text("")
    assert cached_style(objective, [(picture(0), 1.0)], tmp_path / "file" / "cache").mean_color.shape == (3,)


def test_what_was_not_used_longest_goes_first(tmp_path, monkeypatch) -> None:
    objective = tiny_objective()
    cached_style(objective, [(picture(0), 1.0)], tmp_path)
    (first,) = tmp_path.iterdir()
    monkeypatch.setattr(style_cache, "LIMIT", int(2.5 * first.stat().st_size))
    cached_style(objective, [(picture(1), 1.0)], tmp_path)
    (second,) = set(tmp_path.iterdir()) - {first}
    os.utime(first, (1, 1))
    os.utime(second, (2, 2))
    cached_style(objective, [(picture(0), 1.0)], tmp_path)  # used again
    cached_style(objective, [(picture(2), 1.0)], tmp_path)
    assert first.exists()
    assert not second.exists()
    assert len(list(tmp_path.iterdir())) == 2


@dataclass(frozen=True)
class Own(Term):
    """A term that lives outside the package."""

    def loss(self, frame, style, content):
        return frame.image.sum()


def test_terms_of_ones_own_are_not_kept(tmp_path) -> None:
    objective = Objective(build_features("wavelet"), (Own("own", 1.0),))
    cached_style(objective, [(picture(0), 1.0)], tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_folder_can_be_named_and_switched_off(tmp_path, monkeypatch) -> None:
    assert style_folder() is None  # off in the tests
    monkeypatch.setenv("STYLE3D_CACHE", str(tmp_path))
    assert style_folder() == tmp_path / "styles"
    monkeypatch.setenv("STYLE3D_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr("sys.platform", "linux")
    assert style_folder() == tmp_path / "xdg" / "style3d" / "styles"


def test_a_second_run_measures_no_style(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("STYLE3D_CACHE", str(tmp_path))
    objective = tiny_objective()
    first = StyleLibrary(objective, [(picture(0), 1.0)], 1.0, torch.device("cpu")).at(40.0)
    assert len(list((tmp_path / "styles").iterdir())) == 1
    monkeypatch.setattr(objective, "prepare_style", None)
    second = StyleLibrary(objective, [(picture(0), 1.0)], 1.0, torch.device("cpu")).at(40.0)
    assert torch.equal(first.mean_color, second.mean_color)
