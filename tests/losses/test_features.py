"""Laws of every extractor, and what each promises of its own."""

from __future__ import annotations

import ast
import inspect
import textwrap
from pathlib import Path
from typing import get_args

import pytest
import torch
from safetensors.torch import load_file, save_file

from style3d.errors import Style3DError
from style3d.job import Job
from style3d.job.base import Features as Offered
from style3d.losses import build_features
from style3d.losses.features import EXTRACTORS, features_help
from style3d.losses.features.base import pool_mask
from style3d.losses.features.embedded import SHIPPED, half_size, load_embedded
from style3d.losses.features.vgg import Vgg
from style3d.losses.features.vgg_layers import plan
from style3d.losses.features.wavelet import Wavelet, morlet
from style3d.losses.weights_file import read_tensors
from tests.helpers.assets import asset

NAMES = tuple(name for name in EXTRACTORS if name not in ("vgg19", "vgg16", "clip"))  # those that need no file


def image(size=48, seed=0):
    return torch.rand(1, 3, size, size + 8, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", NAMES)
def test_layers_are_named_in_order_and_finite(name) -> None:
    features = build_features(name)
    layers = features(image(64))
    named = [layer for layer in layers if layer in features.layers]
    assert named == [layer for layer in features.layers if layer in named]
    assert features.content_layer in layers
    assert all(value.dtype == torch.float32 and bool(torch.isfinite(value).all()) for value in layers.values())
    heights = [value.shape[2] for value in layers.values()]
    assert heights[0] >= heights[-1] > 0


@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_reaches_the_image_and_not_the_weights(name) -> None:
    features, x = build_features(name), image().requires_grad_()
    sum(value.square().mean() for value in features(x).values()).backward()
    assert x.grad is not None
    assert float(x.grad.abs().min(1).values.max()) > 0
    assert float((x.grad != 0).float().mean()) > 0.9


def test_the_digest_is_stable_and_tells_extractors_apart() -> None:
    first, second = ([build_features(name).digest for name in NAMES[:3]] for _ in range(2))
    assert first == second
    assert len(set(first)) == 3


@pytest.mark.parametrize("name", NAMES)
def test_a_tiny_image_has_fewer_layers_and_no_error(name) -> None:
    assert len(build_features(name)(image(8))) >= 1


def test_wavelets_have_no_mean_and_unit_norm() -> None:
    filters = morlet(4, 7)
    assert filters.shape == (8, 1, 7, 7)
    assert float(filters.sum((1, 2, 3)).abs().max()) < 1e-5
    assert torch.allclose(filters.square().sum((1, 2, 3)), torch.ones(8))


def test_wavelets_answer_to_their_own_direction() -> None:
    stripes = torch.sin(0.6 * torch.pi * torch.arange(64.0)).expand(1, 3, 64, 64) * 0.5 + 0.5
    energy = Wavelet()(stripes)["octave0"].square().mean((2, 3))[0].reshape(2, 3, 4, 2).sum((0, 3))[0]
    assert energy.argmax() == 0
    assert energy[0] > 10 * energy[2]


def test_wavelets_that_start_coarser_are_those_of_the_full_set() -> None:
    full, coarse = Wavelet()(image(64)), Wavelet(first=1)(image(64))
    assert list(coarse) == ["octave1", "octave2", "octave3"][: len(coarse)]
    own = coarse["octave1"].shape[1]
    assert torch.allclose(full["octave1"][:, :own], coarse["octave1"], atol=1e-5)


def test_halving_keeps_constants_and_kills_the_checkerboard() -> None:
    flat = half_size(torch.ones(1, 2, 16, 16))
    assert torch.allclose(flat[..., 1:-1, 1:-1], torch.ones(1, 2, 6, 6))
    checker = (torch.arange(16)[:, None] + torch.arange(16)) % 2 * 1.0
    assert float((half_size(checker[None, None])[..., 1:-1, 1:-1] - 0.5).abs().max()) < 1e-6


def test_the_shipped_network_is_small() -> None:
    assert SHIPPED.stat().st_size <= 4_000_000
    assert SHIPPED.with_suffix(".md").is_file()


def test_bfloat16_changes_little() -> None:
    fast, slow = load_embedded(), load_embedded()
    slow._dtype = torch.float32
    slow._net.float()
    a, b = fast(image(64)), slow(image(64))
    for layer in fast.layers:
        assert float((a[layer] - b[layer]).norm() / b[layer].norm()) < 0.02


def test_another_network_is_refused(tmp_path) -> None:
    save_file({"conv1.weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(b"nothing")
    for name in ("other", "broken", "missing"):
        with pytest.raises(Style3DError):
            build_features("embedded", tmp_path / f"{name}.safetensors")


def test_unknown_features_and_needless_weights_are_refused(tmp_path) -> None:
    with pytest.raises(Style3DError, match="no extractor is called 'resnet'"):
        build_features("resnet")
    with pytest.raises(Style3DError, match="take no weights"):
        build_features("wavelet", tmp_path / "x.pth")


def test_a_job_offers_the_extractors_of_the_registry() -> None:
    """The names that a job takes, and the help of --features, are those of the rows."""
    assert get_args(Offered) == tuple(row.name for row in EXTRACTORS.values() if row.offered)
    assert [row.name for row in EXTRACTORS.values()] == list(EXTRACTORS)
    body = ast.parse(textwrap.dedent(inspect.getsource(Job))).body[0].body
    place = next(i for i, node in enumerate(body) if isinstance(node, ast.AnnAssign) and node.target.id == "features")
    assert " ".join(ast.literal_eval(body[place + 1].value).split()) == features_help()


def test_joined_extractors_share_the_weights_that_one_of_them_takes(tmp_path) -> None:
    joint = build_features("wavelet+network", SHIPPED)
    assert (joint.name, joint.content_layer) == ("wavelet+network", "network/conv3b")
    assert joint.digest == build_features("wavelet+network").digest != build_features("network+wavelet").digest
    with pytest.raises(Style3DError, match="take no weights"):
        build_features("wavelet+dictionary", SHIPPED)
    with pytest.raises(Style3DError, match="give --clip-weights instead"):
        build_features("clip", SHIPPED)


def test_every_tensor_of_a_network_is_checked(tmp_path) -> None:
    """One that lacks, one of another shape and one too many are named; numbers in half precision are read as floats."""
    whole = load_file(SHIPPED)
    wrong = {"lacking": {k: v for k, v in whole.items() if k != "conv2a.bias"}, "more": whole | {"x": torch.ones(1)},
             "other": whole | {"conv2a.bias": torch.ones(7)}}  # fmt: skip
    for case, tensors in wrong.items():
        save_file(tensors, tmp_path / "net.safetensors")
        with pytest.raises(Style3DError, match="x: " if case == "more" else "conv2a.bias: "):
            load_embedded(tmp_path / "net.safetensors")
    save_file({name: value.half() for name, value in whole.items()}, tmp_path / "net.safetensors")
    assert load_embedded(tmp_path / "net.safetensors").layers == load_embedded().layers


def test_a_network_moves_with_all_its_parts() -> None:
    """Weights, constants and parts; "meta" is a device that every machine has."""
    joint = build_features("random+wavelet+network").to("meta")
    for part in joint.parts:
        tensors = [*part._net.state_dict().values(), *part._constants.values()]
        assert tensors
        assert all(value.device.type == "meta" for value in tensors)


def test_vgg_has_torchvisions_numbers() -> None:
    rows = {relu: key for relu, key, _, _ in plan("vgg19")}
    assert (rows["relu1_2"], rows["relu3_1"], rows["relu4_2"], rows["relu5_1"]) == (
        "features.2", "features.10", "features.21", "features.28",
    )  # fmt: skip
    assert {relu: key for relu, key, _, _ in plan("vgg16")}["relu5_1"] == "features.24"


def test_real_vgg_works_as_far_as_its_file_reaches() -> None:
    net = build_features("vgg19", asset("networks/vgg19_normalised_relu3_1.safetensors"))
    assert net.layers == ("relu1_1", "relu2_1", "relu3_1")
    layers = net(image(64))
    assert [value.shape[1:3] for value in layers.values()] == [(64, 64), (128, 32), (256, 16)]
    assert all(0.1 < float(value.mean()) < 10 for value in layers.values())  # normalised: unit mean over ImageNet


def partial(count, offset=0):
    tensors = {}
    for _, key, inputs, outputs in plan("vgg16")[:count]:
        tensors[f"{key}.weight"], tensors[f"{key}.bias"] = torch.zeros(outputs, inputs, 3, 3), torch.zeros(outputs)
    return tensors


def test_vgg_reads_pth_with_and_without_prefix_and_the_whole_classifier(tmp_path) -> None:
    tensors = {**partial(3), "classifier.0.weight": torch.zeros(2, 2), "classifier.0.bias": torch.zeros(2)}
    torch.save(tensors, tmp_path / "whole.pth")
    torch.save({k.removeprefix("features."): v for k, v in partial(3).items()}, tmp_path / "features.pth")
    for name in ("whole", "features"):
        assert build_features("vgg16", tmp_path / f"{name}.pth").layers == ("relu1_1", "relu2_1")


def test_vgg_refuses_what_is_not_vgg(tmp_path) -> None:
    with pytest.raises(Style3DError, match="no vgg19 weights"):
        Vgg("vgg19", {})
    with pytest.raises(Style3DError, match="not vgg19's"):
        Vgg("vgg19", {"features.0.weight": torch.zeros(1), "features.0.bias": torch.zeros(64)})
    (tmp_path / "bad.pth").write_bytes(b"no")
    with pytest.raises(Style3DError, match="is broken, or holds more than tensors"):
        read_tensors(tmp_path / "bad.pth")
    torch.save({"features.0.weight": Path("a path is no tensor")}, tmp_path / "object.pth")
    with pytest.raises(Style3DError, match="only tensors are read") as refusal:
        read_tensors(tmp_path / "object.pth")
    assert "weights_only" not in str(refusal.value)
    with pytest.raises(Style3DError, match="no weights file"):
        read_tensors(tmp_path / "absent.pth")


def test_masks_are_averaged_to_a_layers_size() -> None:
    mask = torch.tensor([[[[1.0, 1, 0, 0], [1, 0, 0, 0]]]])
    assert pool_mask(mask, (1, 2)).tolist() == [[[[0.75, 0.0]]]]
