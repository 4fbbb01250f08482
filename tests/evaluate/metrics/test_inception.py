"""Inception-v3 against torchvision's, with seeded random weights, and the distances that are taken with it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from style3d.errors import Style3DError
from style3d.evaluate.metrics.frechet import artfid, place_distances, views_distance
from style3d.evaluate.metrics.inception import SMALLEST, Inception, load_inception
from style3d.evaluate.metrics.painted_views import frame_over
from style3d.losses.term import Frame, make_frame
from style3d.optional.torchvision_compat import import_torchvision
from tests.helpers.inception import slender_inception
from tests.helpers.nets import Tiny


@pytest.fixture(scope="module")
def torchvision_net() -> torch.nn.Module:
    """torchvision's network, random, in evaluation mode; batch normalisation does something."""
    try:
        import_torchvision()
    except Style3DError as error:
        pytest.skip(str(error))
    from torchvision.models import Inception3

    torch.manual_seed(0)
    with torch.device("meta"):
        net = Inception3(num_classes=1008, aux_logits=False, init_weights=False)
    net.to_empty(device="cpu").eval().requires_grad_(False)
    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            module.weight.normal_(0, (2 / module.weight[0].numel()) ** 0.5)
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.8, 1.6)
            module.weight.uniform_(0.5, 1.5)
            module.bias.uniform_(-0.1, 0.2)
    return net


def weights(net: torch.nn.Module, kind: str) -> dict[str, Tensor]:
    """As the files have them."""
    tensors = dict(net.state_dict())
    if kind == "art":
        tensors |= {"fc1.weight": tensors.pop("fc.weight"), "fc2.weight": torch.zeros(1, 2048)}
    return tensors


def seen(net: torch.nn.Module, layer: str, image: Tensor) -> Tensor:
    """What a layer of torchvision's network puts out."""
    found: list[Tensor] = []
    handle = getattr(net, layer).register_forward_hook(lambda *call: found.append(call[2].clone()))
    net(image)
    handle.remove()
    return found[0]


def picture(size: int, seed: int = 0) -> Tensor:
    rough = torch.rand(1, 3, size // 8, size // 8, generator=torch.Generator().manual_seed(seed))
    return F.interpolate(rough, (size, size), mode="bilinear")


def test_artfids_network_is_torchvisions(torchvision_net: torch.nn.Module) -> None:
    ours, image = Inception(weights(torchvision_net, "art")), picture(96)
    assert torch.allclose(ours(image), seen(torchvision_net, "Mixed_7c", image).mean((2, 3)), rtol=1e-3, atol=1e-4)
    assert torch.allclose(ours.places(image), seen(torchvision_net, "Conv2d_4a_3x3", image), rtol=1e-3, atol=1e-4)
    assert ours(picture(SMALLEST // 2)).shape == (1, 2048)


def test_fids_network_averages_and_takes_its_maximum_otherwise(
    torchvision_net: torch.nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    """torchvision's with the two departures patched in: averages without padding, a maximum in the last block."""
    average, blocks = F.avg_pool2d, iter(range(9))

    def departed(x: Tensor, *, kernel_size: int, stride: int, padding: int) -> Tensor:
        if next(blocks) == 8:
            return F.max_pool2d(x, kernel_size, stride, padding)
        return average(x, kernel_size, stride, padding, count_include_pad=False)

    image = picture(96)
    squeezed = F.interpolate(image, (299, 299), mode="bilinear", align_corners=False)
    ours = Inception(weights(torchvision_net, "fid"))(image)
    monkeypatch.setattr(F, "avg_pool2d", departed)
    theirs = seen(torchvision_net, "Mixed_7c", 2 * squeezed - 1).mean((2, 3))
    assert next(blocks, None) is None
    assert torch.allclose(ours, theirs, rtol=1e-3, atol=1e-4)


def test_files_of_both_kinds(torchvision_net: torch.nn.Module, tmp_path: Path) -> None:
    names, digests = [], []
    for kind in ("fid", "art"):
        torch.save(weights(torchvision_net, kind), tmp_path / "inception.pth")
        net = load_inception(tmp_path / "inception.pth")
        names.append(net.name)
        digests.append(net.digest)
    assert names == ["inception-v3 (fid)", "inception-v3 (art)"]
    assert len(set(digests)) == 2
    assert all(len(digest) == 64 for digest in digests)


def distances(views: list[Frame], style: Tensor, net: Inception) -> tuple[float, float]:
    """Of the places, mean over views, and of the views as a set."""
    return sum(place_distances(views, style, net)) / len(views), views_distance(views, style, net)


def test_distances_of_views_to_a_style() -> None:
    """Nothing for the style itself; ArtFID is one for a style that is the content already."""
    net, style = Inception(slender_inception()), picture(96)
    same = make_frame(Tiny(), style, None)
    found = distances([same, same], style, net)
    assert found == (pytest.approx(0, abs=1e-6), pytest.approx(0, abs=1e-6))
    assert artfid(0, found[1]) == pytest.approx(1)
    near, far = (distances([make_frame(Tiny(), x, None)], style, net)
                 for x in (torch.lerp(style, picture(96, 1), 0.2), picture(96, 1)))  # fmt: skip
    assert all(0 < one < other for one, other in zip(near, far, strict=True))
    two = torch.cat([net(picture(96, seed)) for seed in (1, 2)])
    spread = two.var(0).sum() + (two.mean(0) - net(style)[0]).square().sum()
    views = [make_frame(Tiny(), picture(96, seed), None) for seed in (1, 2)]
    assert views_distance(views, style, net) == pytest.approx(float(spread), rel=1e-4)


def test_what_is_outside_the_object_is_not_looked_at() -> None:
    net, style, mask = Inception(slender_inception()), picture(96), torch.zeros(1, 1, 96, 96)
    mask[..., :48] = 1
    frames = [
        frame_over(Tiny(), style * mask + shade * (1 - mask), mask, torch.full((3,), 0.5)) for shade in (0.0, 1.0)
    ]
    assert distances(frames[:1], style, net) == distances(frames[1:], style, net)


def test_other_weights_are_refused(torchvision_net: torch.nn.Module, tmp_path: Path) -> None:
    tensors = weights(torchvision_net, "fid")
    with pytest.raises(Style3DError, match="that FID uses"):
        Inception(tensors | {"fc.weight": torch.zeros(1000, 2048)})
    with pytest.raises(Style3DError, match="do not fit"):
        Inception({name: value for name, value in tensors.items() if "Mixed_6c.branch7x7_2" not in name})
    with pytest.raises(Style3DError, match="do not fit"):
        Inception(tensors | {"Mixed_7b.branch1x1.conv.weight": torch.zeros(320, 64, 1, 1)})
    (tmp_path / "broken.pth").write_bytes(b"no weights")
    for name in ("broken.pth", "missing.pth"):
        with pytest.raises(Style3DError, match=name):
            load_inception(tmp_path / name)
