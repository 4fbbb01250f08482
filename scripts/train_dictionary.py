"""Learns the dictionary of colour patches from generated images: `python scripts/train_dictionary.py` (a minute).

Patches of images drawn by generated_textures.py, at full size and halved twice, are whitened and clustered by
spherical k-means (Coates, Lee & Ng, "An analysis of single-layer networks in unsupervised feature learning", AISTATS
2011). A filter is a centre seen through the whitening, scaled to unit variance; it responds above half a deviation.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]
from generated_textures import make_image  # noqa: E402

from style3d.losses.features.dictionary import ATOMS, SHIPPED, SIDE  # noqa: E402

IMAGE_SIDE, SCALES, PATCHES = 112, 3, 120  # pixels; halvings; patches an image and scale
NOISE = 1e-3  # of the largest variance: what whitening takes for noise
THRESHOLD = 0.5  # deviations of a response
ROUNDS = 40


def sample(images: int, generator: torch.Generator) -> Tensor:
    """Flattened patches of all images, (n, 3 · side²) in [0, 1]."""
    patches = []
    for seed in range(images):
        image = make_image(seed, IMAGE_SIDE)[None]
        for _ in range(SCALES):
            every = F.unfold(image, SIDE)[0].T
            patches.append(every[torch.randint(len(every), (PATCHES,), generator=generator)])
            image = F.avg_pool2d(image, 2)
    return torch.cat(patches)


def whitening(centred: Tensor) -> Tensor:
    """The symmetric matrix that gives patches unit covariance, up to the noise."""
    variances, axes = torch.linalg.eigh(centred.T @ centred / len(centred))
    whitened: Tensor = (axes / (variances + NOISE * variances.max()).sqrt()) @ axes.T
    return whitened


def cluster(points: Tensor, generator: torch.Generator) -> Tensor:
    """Spherical k-means: ``ATOMS`` unit centres of unit points; empty clusters start again from a point."""
    centres = points[torch.randperm(len(points), generator=generator)[:ATOMS]].clone()
    for _ in range(ROUNDS):
        likeness, nearest = (points @ centres.T).max(1)
        sums = torch.zeros_like(centres).index_add(0, nearest, points * likeness[:, None])
        empty = sums.norm(dim=1) < 1e-6
        sums[empty] = points[torch.randint(len(points), (int(empty.sum()),), generator=generator)]
        centres = F.normalize(sums, dim=1)
    return centres


def main() -> None:
    """Draws, clusters, writes."""
    from safetensors.torch import save_file

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=SHIPPED)
    parser.add_argument("--images", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    generator = torch.Generator().manual_seed(options.seed)
    patches = sample(options.images, generator)
    mean = patches.mean(0)
    centred = patches - mean
    white = whitening(centred)
    filters = cluster(F.normalize(centred @ white, dim=1), generator) @ white
    filters /= (centred @ filters.T).std(0)[:, None]
    bias = -(filters @ mean) - THRESHOLD
    save_file({"weight": filters.reshape(ATOMS, 3, SIDE, SIDE).contiguous(), "bias": bias}, options.output)
    print(f"wrote {options.output}: {ATOMS} patches of {len(patches)}")


if __name__ == "__main__":
    main()
