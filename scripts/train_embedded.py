"""Trains the embedded network on generated images and writes its weights: `python scripts/train_embedded.py`.

Texture discrimination on style statistics. Every class of a batch is one generated image, or a hard sibling of it: the
same picture turned or mirrored, resized, with random phases but the same spectrum, or blurred, inverted, shuffled in
tiles. Two crops of a class must find one another among all crops of the batch (InfoNCE, van den Oord et al. 2018) by
nothing but the mean, the deviations and a projected covariance of one layer's features, on each of four layers: what
the style loss compares is what is trained to tell textures apart. Siblings share their palette: colour does not help.

Afterwards batch normalisation is folded into the convolutions and channels are scaled to unit mean activation.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]
from generated_textures import make_image  # noqa: E402

from style3d.device import fast_dtype  # noqa: E402
from style3d.losses.features.embedded import (  # noqa: E402
    LAYERS,
    PLAN,
    SHIPPED,
    embedded_convolutions,
    half_size,
)
from style3d.losses.features.wavelet import morlet  # noqa: E402

SIBLINGS = 4


def image_bytes(seed: int) -> bytes:
    """Image ``seed`` as bytes."""
    torch.set_num_threads(1)
    return (make_image(seed) * 255).round().to(torch.uint8).numpy().tobytes()


def make_pool(count: int, first: int, workers: int) -> Tensor:
    """Images ``first`` … ``first + count``, (count, 3, side, side) uint8."""
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        raw = pool.map(image_bytes, range(first, first + count), chunksize=16)
    side = math.isqrt(len(raw[0]) // 3)
    return torch.frombuffer(bytearray(b"".join(raw)), dtype=torch.uint8).reshape(count, 3, side, side)


class Net(nn.Module):
    """The embedded network with batch normalisation, and a head for each layer."""

    def __init__(self, halving: str) -> None:
        super().__init__()
        self.halve = {"average": lambda x: F.avg_pool2d(x, 2), "blur": half_size}[halving]
        self.convolutions = embedded_convolutions()
        self.norms = nn.ModuleDict(
            {name: nn.BatchNorm2d(conv.out_channels) for name, conv in self.convolutions.items()}
        )
        self.heads = nn.ModuleDict({name: Head(self.convolutions[name].out_channels) for name in LAYERS})
        for conv in self.convolutions.values():
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
        self.convolutions["conv1"].weight.data = first_filters()

    def maps(self, image: Tensor, half: bool) -> dict[str, Tensor]:
        """Feature maps of every convolution."""
        x, maps = ((image - 0.5) * 4).contiguous(memory_format=torch.channels_last), {}
        for name, halve in PLAN:
            x = self.halve(x) if halve else x
            with torch.autocast(image.device.type, torch.bfloat16, enabled=half):
                maps[name] = x = self.norms[name](self.convolutions[name](x)).relu()
        return maps

    def forward(self, image: Tensor, half: bool) -> list[Tensor]:
        """One embedding per layer, (batch, 128), unit length."""
        maps = self.maps(image, half)
        return [self.heads[name](maps[name].float()) for name in LAYERS]


class Head(nn.Module):
    """Mean, log deviation and a projected covariance, normalised over the batch, to 128 numbers."""

    def __init__(self, channels: int, rank: int = 24) -> None:
        super().__init__()
        self.project = nn.Linear(channels, rank, bias=False)
        size = 2 * channels + rank * (rank + 1) // 2
        self.norm, self.out = nn.BatchNorm1d(size), nn.Linear(size, 128)
        self.register_buffer("pairs", torch.triu_indices(rank, rank))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, c, h, w) to (batch, 128); all but two passes over the pixels happens on c × c matrices."""
        flat = x.flatten(2)
        mean = flat.mean(2)
        covariance = flat @ flat.transpose(1, 2) / flat.shape[2] - mean[:, :, None] * mean[:, None, :]
        deviation = (covariance.diagonal(dim1=1, dim2=2).clamp_min(0) + 1e-4).sqrt()
        correlation = covariance / (deviation[:, :, None] * deviation[:, None, :])
        covariance = self.project(self.project(correlation).transpose(1, 2))
        parts = [mean, deviation.log(), covariance[:, self.pairs[0], self.pairs[1]]]
        return F.normalize(self.out(self.norm(torch.cat(parts, 1))), dim=1)


def first_filters() -> Tensor:
    """Where conv1 starts: wavelets at four phases on brightness, two on opponent colours, and plain colours."""
    waves = F.interpolate(morlet(4, 7), size=5, mode="bilinear", align_corners=True)
    waves = waves / waves.flatten(1).norm(dim=1)[:, None, None, None]
    grey, red, green = (torch.tensor(c)[None, :, None, None] for c in ((1.0, 1, 1), (1.0, 0, -1), (0.5, -1, 0.5)))
    filters = [waves * grey, -waves * grey, waves[::2] * red, -waves[::2] * red, waves[::2] * green]
    spot = torch.ones(1, 1, 5, 5) / 10
    filters += [spot * red, -spot * red, spot * green, -spot * green]
    return torch.cat(filters)[:32].contiguous()


def sibling(image: Tensor, kind: int, rng: torch.Generator) -> Tensor:
    """A texture that differs from ``image`` (3, s, s) in one respect."""
    pick = int(torch.randint(0, 1 << 16, (), generator=rng))
    if kind == 0:
        return image
    if kind == 1:
        return (image.rot90(1, (1, 2)), image.flip(2), image.transpose(1, 2))[pick % 3]
    if kind == 2:
        scale = (0.6, 0.75, 1.35, 1.6)[pick % 4]
        return F.interpolate(image[None], scale_factor=scale, mode="bilinear", antialias=scale < 1)[0].clamp(0, 1)
    if pick % 2:
        spectrum = torch.fft.rfft2(image)
        phase = torch.fft.rfft2(torch.randn(image.shape[1:], generator=rng)).angle()
        phase[0, 0] = 0
        return torch.fft.irfft2(spectrum * torch.exp(1j * phase), s=image.shape[1:]).clamp(0, 1)
    if pick % 4 == 0:
        tile = (8, 12, 16)[pick // 4 % 3]
        n = image.shape[1] // tile
        tiles = image[:, : n * tile, : n * tile].unfold(1, tile, tile).unfold(2, tile, tile).flatten(1, 2)
        tiles = tiles[:, torch.randperm(n * n, generator=rng)].reshape(3, n, n, tile, tile)
        return tiles.permute(0, 1, 3, 2, 4).reshape(3, n * tile, n * tile)
    if pick // 4 % 2:
        return F.avg_pool2d(F.pad(image[None], (2, 2, 2, 2), mode="reflect"), 5, 1)[0]
    return (2 * image.mean((1, 2), keepdim=True) - image).clamp(0, 1)


def two_crops(image: Tensor, size: int, rng: torch.Generator) -> Tensor:
    """Crops (2, 3, size, size) from opposite sides, each a little brighter or darker."""
    room = image.shape[1] - size
    spots = torch.rand(2, 2, generator=rng)
    axis = int(torch.randint(0, 2, (), generator=rng))
    spots[0, axis] *= 0.4
    spots[1, axis] = 0.6 + 0.4 * spots[1, axis]
    crops = []
    for y, x in (spots * room).long().tolist():
        gain, shift = (torch.rand(2, generator=rng) - 0.5).tolist()
        crops.append(image[:, y : y + size, x : x + size] * (1 + 0.15 * gain) + 0.06 * shift)
    return torch.stack(crops)


def batch(pool: Tensor, images: int, size: int, rng: torch.Generator) -> Tensor:
    """Crops (2 · images · SIBLINGS, 3, size, size); the two of a class are neighbours."""
    crops = []
    for index in torch.randint(0, len(pool), (images,), generator=rng).tolist():
        image = pool[index].float() / 255
        crops += [two_crops(sibling(image, kind, rng), size, rng) for kind in range(SIBLINGS)]
    return torch.cat(crops).clamp(0, 1)


def contrast(embedding: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """InfoNCE: each crop's partner among all others. Returns loss and share of right answers."""
    logits = embedding @ embedding.T / temperature
    logits = logits.masked_fill(torch.eye(len(logits), dtype=torch.bool, device=logits.device), -1e4)
    partner = torch.arange(len(logits), device=logits.device) ^ 1
    return F.cross_entropy(logits, partner), (logits.argmax(1) == partner).float().mean()


@torch.no_grad()
def fold_weights(net: Net, pool: Tensor) -> dict[str, Tensor]:
    """Weights with normalisation folded in and every channel's mean activation brought to one."""
    net.eval()
    rng = torch.Generator().manual_seed(7)
    sample = pool[torch.randint(0, len(pool), (64,), generator=rng)][..., :128, :128].float() / 255
    maps = net.maps(sample.to(next(net.parameters()).device), False)
    tensors, before = {}, torch.ones(3)
    for name, _ in PLAN:
        conv, norm = net.convolutions[name], net.norms[name]
        gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        mean = maps[name].mean((0, 2, 3))
        unit = (1 / mean.clamp_min(0.02 * mean.mean())).cpu()
        scale = gain.cpu() * unit
        tensors[f"{name}.weight"] = conv.weight.cpu() * scale[:, None, None, None] / before[None, :, None, None]
        tensors[f"{name}.bias"] = (conv.bias - norm.running_mean).cpu() * scale + norm.bias.cpu() * unit
        before = unit
    net.train()
    return {name: value.to(torch.float16).contiguous() for name, value in tensors.items()}


def train(options: argparse.Namespace) -> None:
    """Makes the images, then trains; writes the weights now and then."""
    started = time.monotonic()
    pool = make_pool(options.images, options.seed * 1_000_000, options.workers)
    print(f"{len(pool)} images in {time.monotonic() - started:.0f} s", flush=True)
    torch.manual_seed(options.seed)
    rng = torch.Generator().manual_seed(options.seed)
    net = Net(options.halving)
    if options.start:
        net.convolutions.load_state_dict({name: value.float() for name, value in load_file(options.start).items()})
    net = net.to(options.device, memory_format=torch.channels_last)
    half = fast_dtype(options.device) == torch.bfloat16
    optimizer = torch.optim.AdamW(net.parameters(), options.rate, weight_decay=0.02, betas=(0.9, 0.98))
    started = time.monotonic()
    for step in range(options.steps):
        for group in optimizer.param_groups:
            warm = min(1.0, (step + 1) / 50)
            group["lr"] = options.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / options.steps)))
        embeddings = net(batch(pool, options.batch, options.crop, rng).to(options.device), half)
        pairs = [contrast(embedding, 0.1) for embedding in embeddings]
        loss = torch.stack([pair[0] for pair in pairs]).sum()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
        if step % 20 == 0 or step == options.steps - 1:
            rate = (step + 1) * options.batch * SIBLINGS * 2 / (time.monotonic() - started)
            right = " ".join(f"{float(pair[1]):.2f}" for pair in pairs)
            print(f"step {step} loss {float(loss):.3f} right {right} {rate:.0f} crops/s", flush=True)
        if (step + 1) % 100 == 0 or step == options.steps - 1:
            save_file(fold_weights(net, pool), options.output, {"project": "style3d", "steps": str(step + 1)})


def main() -> None:
    """Reads the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=SHIPPED)
    parser.add_argument(
        "--halving", choices=("average", "blur"), default="average", help="while training; style3d runs it with blur"
    )
    parser.add_argument("--start", type=Path, help="weights of an earlier run to go on from")
    parser.add_argument("--images", type=int, default=2500)
    parser.add_argument("--steps", type=int, default=1100)
    parser.add_argument("--batch", type=int, default=10, help="images a step; four classes and eight crops each")
    parser.add_argument("--crop", type=int, default=64)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
