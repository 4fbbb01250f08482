"""Consistency compares a view with its neighbour warped onto it, over valid pixels only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import binary_erosion, gaussian_filter

from style3d.errors import Style3DError
from style3d.render.warp import Link
from style3d.types import Picture, Plane

BANDS = (1.0, 2.0, 4.0)  # pixels: standard deviations of the blurs between which a band lies
NOTICED = 1 / 255  # one level of eight bits: contrast under this is none
WINDOW = 7  # pixels along a side of SSIM's window (Wang et al. 2004, scikit-image's default)

Perceptual = Callable[[Picture, Picture, Bool[np.ndarray, "h w"]], float]  # distance over the valid pixels


@dataclass(frozen=True)
class Consistency:
    """How far views that are ``gap`` apart disagree. Concretely: RMSE 0.02 over 36 pairs, 41 % of pixels valid.

    ``relative`` is the mean over bands of √((e² + q²) / (c² + q²)), with e the band's error, c its contrast in the
    target and q = `NOTICED`: blur and flat colour lower e and c alike, so they earn nothing; flat colour gives 1, and
    images that have nothing to do with each other √2.
    """

    gap: int
    pairs: int
    valid: float  # share of the targets' pixels that was compared
    rmse: float
    ssim: float | None  # None: no window lies wholly in valid pixels
    perceptual: float | None  # None: no network was given
    relative: float
    contrast: float  # root mean square deviation of the targets' valid pixels from their mean


@dataclass(frozen=True)
class _Sums:
    """Of one pair, before anything is divided: pairs with many valid pixels count for more."""

    pixels: int
    squared: float
    bands: Float[np.ndarray, "bands"]  # squared error
    contrasts: Float[np.ndarray, "bands"]  # squared deviation of the target
    windows: int
    ssim: float
    perceptual: float


def consistency(
    images: Sequence[Picture], links: Sequence[Link], gap: int, perceptual: Perceptual | None = None
) -> Consistency:
    """Compare every linked pair of ``images``.

    Raises:
        Style3DError: no two views share a valid pixel.
    """
    sums = [
        _compare(link.warp_image(images[link.source]), images[link.target], link.valid, perceptual) for link in links
    ]
    pixels = sum(s.pixels for s in sums)
    if not pixels:
        raise Style3DError(
            f"no view shares a pixel with the one {gap} further on", hint="choose smaller --gaps, or more --views"
        )
    error, contrast = (np.sum([getattr(s, name) for s in sums], axis=0) / pixels for name in ("bands", "contrasts"))
    windows = sum(s.windows for s in sums)
    seen = [s.perceptual for s in sums if s.pixels]
    return Consistency(
        gap=gap,
        pairs=len(seen),
        valid=pixels / sum(link.valid.size for link in links),
        rmse=float(np.sqrt(sum(s.squared for s in sums) / pixels)),
        ssim=sum(s.ssim for s in sums) / windows if windows else None,
        perceptual=float(np.mean(seen)) if perceptual else None,
        relative=float(np.sqrt((error + NOTICED**2) / (contrast + NOTICED**2)).mean()),
        contrast=float(np.sqrt(contrast.sum())),
    )


def error_map(link: Link, images: Sequence[Picture]) -> Plane:
    """Root mean square error over the channels at each pixel of the target; NaN where not valid."""
    difference = link.warp_image(images[link.source]) - images[link.target]
    return np.where(link.valid, np.sqrt(np.square(difference).mean(2)), np.nan)


def why_no_merit(one: Consistency, floor: Consistency) -> str:
    """Why a sequence's low error is no merit, or nothing: it has hardly any contrast to be wrong about."""
    share = one.contrast / max(floor.contrast, NOTICED)
    if one.rmse <= floor.rmse and (share < 0.25 or one.relative > 1.5 * floor.relative):
        return f"cheat: agrees because it shows little, {share:.0%} of the original's contrast"
    return ""


def _compare(warped: Picture, target: Picture, valid: Bool[np.ndarray, "h w"], perceptual: Perceptual | None) -> _Sums:
    if not valid.any():
        return _Sums(0, 0.0, np.zeros(len(BANDS) + 1), np.zeros(len(BANDS) + 1), 0, 0.0, 0.0)
    error = np.where(valid[..., None], warped - target, 0)
    squared = float(np.square(error[valid]).mean(1, dtype=np.float64).sum())
    windows, ssim = _ssim(warped, target, valid)
    distance = perceptual(warped, target, valid) if perceptual else 0.0
    return _Sums(
        int(valid.sum()), squared, _band_energy(error, valid, centred=False), _band_energy(target, valid, centred=True),
        windows, ssim, distance,
    )  # fmt: skip


def _band_energy(image: Picture, valid: Bool[np.ndarray, "h w"], centred: bool) -> Float[np.ndarray, "bands"]:
    """Σ over valid pixels of the squared bands, finest first, means over channels; blurs see valid pixels alone.

    What the last blur leaves is the coarsest band, of which ``centred`` takes the mean away.
    """
    masked = np.where(valid[..., None], image, 0).astype(np.float64)
    energy, finer = [], masked
    for sigma in BANDS:
        norm = gaussian_filter(valid.astype(np.float64), sigma, mode="constant")
        blurred = gaussian_filter(masked, (sigma, sigma, 0), mode="constant")
        coarser = blurred / np.maximum(norm, 1e-12)[..., None]
        energy.append(np.square((finer - coarser)[valid]).mean(1).sum())
        finer = coarser
    rest = finer[valid] - (finer[valid].mean(0) if centred else 0)
    return np.array([*energy, np.square(rest).mean(1).sum()])


def _ssim(a: Picture, b: Picture, valid: Bool[np.ndarray, "h w"]) -> tuple[int, float]:
    """Windows that hold valid pixels alone, and the sum of SSIM over them."""
    from style3d.evaluate.metrics.skimage_figures import structural_similarity

    whole = binary_erosion(valid, np.ones((WINDOW, WINDOW)))
    if not whole.any():
        return 0, 0.0
    return int(whole.sum()), float(structural_similarity(a, b, WINDOW)[whole].sum())
