"""Statistics from the disk are those computed, and a change of anything they depend on makes others."""

from __future__ import annotations

import torch

from style3d.losses import build_features, default_objective
from style3d.losses.style_cache import cached_style, style_key


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


def test_a_broken_file_is_computed_anew(tmp_path) -> None:
    objective, images = default_objective(build_features("wavelet")), [(picture(0), 1.0)]
    good = cached_style(objective, images, tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    assert torch.equal(cached_style(objective, images, tmp_path).mean_color, good.mean_color)


def test_a_folder_that_cannot_be_written_does_no_harm(tmp_path) -> None:
    objective = default_objective(build_features("wavelet"))
    (tmp_path / "file").write_text("")
    assert cached_style(objective, [(picture(0), 1.0)], tmp_path / "file" / "cache").mean_color.shape == (3,)
