"""Content figures on pictures whose answer is known, LPIPS against its authors' package."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from style3d.errors import Style3DError
from style3d.evaluate.metrics.content import SIGMA, edges_kept, network_content, silhouette_iou, structure_ssim
from style3d.evaluate.metrics.lpips import FeatureDistance, Lpips, load_lpips
from style3d.evaluate.metrics.skimage_figures import skimage
from style3d.losses.features.squeeze import FIRES, Squeeze
from style3d.losses.term import make_frame
from style3d.optional.torchvision_compat import import_torchvision
from tests.helpers.assets import asset
from tests.helpers.nets import Tiny


def drawing(seed: int = 0, size: int = 64, blur: float = 3.0) -> np.ndarray:
    smooth = gaussian_filter(np.random.default_rng(seed).standard_normal((size, size, 1)), (blur, blur, 0))
    smooth = smooth.repeat(3, 2)
    return np.float32(0.5 + 0.45 * smooth / np.abs(smooth).max())


def squeeze_tensors(variant: str, seed: int = 0) -> dict[str, torch.Tensor]:
    """Random weights under torchvision's names."""
    rng = torch.Generator().manual_seed(seed)
    first = (96, 3, 7, 7) if variant == "squeezenet1_0" else (64, 3, 3, 3)
    shapes, inputs = {"features.0": first}, first[0]
    for fire, narrow in zip(FIRES[variant], (16, 16, 32, 32, 48, 48, 64, 64), strict=True):
        shapes[f"features.{fire}.squeeze"] = (narrow, inputs, 1, 1)
        shapes[f"features.{fire}.expand1x1"] = (4 * narrow, narrow, 1, 1)
        shapes[f"features.{fire}.expand3x3"] = (4 * narrow, narrow, 3, 3)
        inputs = 8 * narrow
    tensors = {}
    for name, shape in shapes.items():
        tensors[f"{name}.weight"] = torch.randn(shape, generator=rng) * (2 / np.prod(shape[1:])) ** 0.5
        tensors[f"{name}.bias"] = torch.randn(shape[0], generator=rng) * 0.1
    return tensors


def heads(seed: int = 1) -> list[torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    return [torch.rand(1, c, 1, 1, generator=rng) for c in (64, 128, 256, 384, 384, 512, 512)]


def test_structure_ssim() -> None:
    image, ones = drawing(blur=1.0), np.ones((64, 64), np.float32)
    assert structure_ssim(image, image, ones) == pytest.approx(1, abs=1e-6)
    assert structure_ssim(image, 0.5 + 0.5 * (image - 0.5), ones) > 0.9  # less contrast, the same drawing
    assert structure_ssim(image, 1 - image, ones) < -0.8
    assert abs(structure_ssim(image, drawing(5, blur=1.0), ones)) < 0.3


def test_structure_is_ssim_without_luminance_and_contrast() -> None:
    """SSIM = l · c · s (Wang et al. 2004, eq. 6, 9 and 10): scikit-image's map over ours' other two factors."""
    ours, ones = [drawing(seed, blur=1.0) for seed in (0, 5)], np.ones((64, 64), np.float32)
    a, b = (image[..., 0].astype(np.float64) for image in ours)
    whole = skimage("metrics").structural_similarity(
        a, b, gaussian_weights=True, sigma=SIGMA, use_sample_covariance=False, data_range=1.0, full=True
    )[1]
    mean_a, mean_b = (gaussian_filter(x, SIGMA, truncate=3.5) for x in (a, b))
    var_a, var_b = (gaussian_filter(x**2, SIGMA, truncate=3.5) - m**2 for x, m in ((a, mean_a), (b, mean_b)))
    first, second = 0.01**2, 0.03**2
    light = (2 * mean_a * mean_b + first) / (mean_a**2 + mean_b**2 + first)
    contrast = (2 * np.sqrt(var_a * var_b) + second) / (var_a + var_b + second)
    assert structure_ssim(ours[0], ours[1], ones) == pytest.approx((whole / (light * contrast)).mean(), abs=1e-3)


def test_silhouette() -> None:
    a, b = np.zeros((8, 8), np.float32), np.zeros((8, 8), np.float32)
    a[:, :4], b[:, 2:6] = 1, 1
    assert silhouette_iou(a, a) == 1
    assert silhouette_iou(a, b) == pytest.approx(1 / 3)
    assert silhouette_iou(a * 0, a * 0) == 1


def test_edges() -> None:
    image, ones = drawing(), np.ones((64, 64), np.float32)
    assert edges_kept(image, image, ones) == pytest.approx(1)
    assert abs(edges_kept(image, drawing(5), ones) or 0) < 0.35
    assert edges_kept(image, np.full_like(image, 0.5), ones) == 0
    assert edges_kept(np.full_like(image, 0.5), image, ones) is None


def test_network_content() -> None:
    image = torch.from_numpy(drawing()).permute(2, 0, 1)[None]
    before = make_frame(Tiny(), image, None)
    assert network_content(Tiny(), before, before) == (1.0, 0.0)
    other = make_frame(Tiny(), torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)), None)
    kept, apart = network_content(Tiny(), before, other)
    assert kept < 0.4
    assert apart is not None
    assert apart > 0.1


@pytest.mark.parametrize("variant", sorted(FIRES))
def test_lpips_laws(variant: str) -> None:
    distance = Lpips(Squeeze(squeeze_tensors(variant)), heads())
    a, b = (torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(k)) for k in (0, 1))
    mask = torch.ones(1, 1, 64, 64)
    assert float(distance(a, a, mask)) == 0
    assert float(distance(a, b, mask)) == pytest.approx(float(distance(b, a, mask)))
    assert float(distance(a, b, mask)) > float(distance(a, torch.lerp(a, b, 0.2), mask)) > 0
    assert ("uncalibrated" in distance.name) == (variant == "squeezenet1_0")
    assert len(distance.digest) == 64


@pytest.mark.filterwarnings("ignore:.*:UserWarning:torchvision")
def test_lpips_is_the_authors() -> None:
    """Their package with our random SqueezeNet 1.1, so that no weights need be downloaded."""
    if find_spec("lpips") is None:
        pytest.skip("the lpips package is not installed")
    import_torchvision()
    import lpips

    model = lpips.LPIPS(net="squeeze", pnet_rand=True, verbose=False).eval()
    tensors = squeeze_tensors("squeezenet1_1")
    own = dict(model.net.state_dict())
    for name in own:
        number = ".".join(name.split(".")[1:])
        own[name] = tensors[f"features.{number}"]
    model.net.load_state_dict(own)
    theirs = [getattr(model, f"lin{k}").model[1].weight.detach() for k in range(7)]
    a, b = (torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(k)) for k in (0, 1))
    ours = Lpips(Squeeze(tensors), theirs)(a, b, torch.ones(1, 1, 64, 64))
    assert float(ours) == pytest.approx(float(model(2 * a - 1, 2 * b - 1).detach()), rel=1e-4)


def test_lpips_of_real_files() -> None:
    backbone = asset("networks/squeezenet1_0_deepcompressed.safetensors")
    distance = load_lpips(backbone, asset("networks/lpips_lin_v0.1_squeeze.safetensors"))
    a = torch.from_numpy(drawing()).permute(2, 0, 1)[None].contiguous()
    noisy = (a + 0.2 * torch.randn(a.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)
    mask = torch.ones(1, 1, 64, 64)
    assert float(distance(a, noisy, mask)) > 2 * float(distance(a, a * 0.98, mask)) > 0
    with pytest.raises(Style3DError, match="LPIPS heads"):
        load_lpips(backbone, backbone)


def test_masks_keep_errors_out() -> None:
    distance = FeatureDistance(Tiny())
    a = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    b, mask = a.clone(), torch.zeros(1, 1, 64, 64)
    b[..., 40:] = 0
    mask[..., :24] = 1
    assert float(distance(a, b, mask)) == 0
    assert float(distance(a, b, torch.ones_like(mask))) > 0.01


def test_squeeze_refuses_other_weights(tmp_path: Path) -> None:
    with pytest.raises(Style3DError, match="SqueezeNet"):
        Squeeze({"features.0.weight": torch.zeros(64, 3, 5, 5)})
    broken = squeeze_tensors("squeezenet1_1")
    del broken["features.9.squeeze.bias"]
    with pytest.raises(Style3DError, match=r"features\.9\.squeeze"):
        Squeeze(broken)
