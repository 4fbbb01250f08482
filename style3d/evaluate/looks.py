"""The figures of style and content: a few views, each against the style picture and against its original."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from style3d.evaluate.clip import Clip, similarity
from style3d.evaluate.content import mean_of, network_content, pixel_content
from style3d.evaluate.controls import tensors
from style3d.evaluate.figure import Better, Figure, absent
from style3d.evaluate.footage import Footage, Painting, Shot
from style3d.evaluate.lpips import Distance
from style3d.evaluate.palette import palette_distance
from style3d.evaluate.strokes import orientation_distance, scale_difference, strokes
from style3d.evaluate.style import framed, style_values
from style3d.losses.features.base import Features
from style3d.losses.term import make_frame
from style3d.styles import resized
from style3d.types import Image, Picture

BETTER: dict[str, Better] = {
    "content.features": "higher", "content.ssim": "higher", "content.edges": "higher", "content.silhouette": "higher",
    "content.similarity": "lower", "content.lpips": "lower", "style.clip": "higher", "style.clip_text": "higher",
    "style.stroke_scale": "neither", "style.coherence": "neither",
}  # fmt: skip
COVERAGE = "the object's coverage"


@dataclass(frozen=True)
class Yardstick:
    """What pictures are measured against, and with. Concretely: a painting, the embedded network, no LPIPS."""

    style: Image | None  # (1, 3, h, w)
    features: Features
    lpips: Distance | str  # or why it is absent
    clip: Clip | str
    prompt: str = ""
    style_scale: float = 1.0


def look_figures(footage: Footage, yardstick: Yardstick) -> list[Figure]:
    """Style of the views after and (``.before``) before, content of the views after."""
    figures = []
    if yardstick.style is not None:
        for suffix, images in (("", footage.after), (".before", footage.before)):
            figures += style_figures(footage, images, yardstick, suffix)
    return figures + content_figures(footage, yardstick)


@torch.no_grad()
def style_figures(footage: Footage, images: Sequence[Picture], yardstick: Yardstick, suffix: str) -> list[Figure]:
    """Of ``images``, which are the footage's before or after."""
    assert yardstick.style is not None
    size = yardstick.style_scale * max(images[0].shape[:2])
    style, features = resized(yardstick.style, size), yardstick.features
    wanted, fill = make_frame(features, style, None), style.mean((0, 2, 3))
    pairs = [tensors(shot, image) for shot, image in zip(footage.shots, images, strict=True)]
    values = style_values([framed(features, image, mask, fill) for image, mask in pairs], wanted, features)
    plain = {"style.patches": values.pop("style.patches")} | _plain(footage.shots, images, style)
    network = f"{features.name}, layer {features.content_layer}", features.digest
    figures = [
        _figure(name, value, footage, suffix, network if name == "style.fid" else (features.name, features.digest))
        for name, value in values.items()
    ]
    figures += [_figure(name, value, footage, suffix) for name, value in plain.items()]
    return figures + _clip_figures(footage, pairs, yardstick, suffix)


def _plain(shots: Sequence[Shot], images: Sequence[Picture], style: Painting) -> dict[str, float]:
    """What needs no network: palette and strokes."""
    painting = np.ascontiguousarray(style[0].permute(1, 2, 0).numpy())
    inside = np.concatenate([image[shot.mask > 0.999] for shot, image in zip(shots, images, strict=True)])
    wanted = strokes(painting, np.ones(painting.shape[:2]))
    own = [strokes(image, shot.mask.astype(np.float64)) for shot, image in zip(shots, images, strict=True)]
    colors: Float[np.ndarray, "n 3"] = painting.reshape(-1, 3)
    return {
        "style.palette": palette_distance(inside, colors) if len(inside) else float("nan"),
        "style.orientation": float(np.mean([orientation_distance(one, wanted) for one in own])),
        "style.stroke_scale": float(np.mean([scale_difference(one, wanted) for one in own])),
        "style.coherence": float(np.mean([one.coherence - wanted.coherence for one in own])),
    }


def _clip_figures(footage: Footage, pairs: Sequence[tuple[Image, object]], by: Yardstick, suffix: str) -> list[Figure]:
    if isinstance(by.clip, str) or by.style is None:
        why = by.clip if isinstance(by.clip, str) else "no style image"
        return [absent(f"{name}{suffix}", "higher", why) for name in ("style.clip", "style.clip_text")]
    seen = [by.clip.image(image) for image, _ in pairs]
    against = {"style.clip": by.clip.image(by.style)} | (
        {"style.clip_text": by.clip.text(by.prompt)} if by.prompt else {}
    )
    network = by.clip.name, by.clip.digest
    figures = [
        _figure(name, float(np.mean([similarity(one, other) for one in seen])), footage, suffix, network, "none")
        for name, other in against.items()
    ]
    return figures + ([] if by.prompt else [absent(f"style.clip_text{suffix}", "higher", "no --prompt was given")])


@torch.no_grad()
def content_figures(footage: Footage, yardstick: Yardstick) -> list[Figure]:
    """How much of each original is left in its stylised view."""
    features, kept, similar, distances = yardstick.features, [], [], []
    for shot in footage.shots:
        (before, mask), (after, _) = tensors(shot, shot.before), tensors(shot, shot.after)
        if not mask.any():
            continue
        values = network_content(features, make_frame(features, before, mask), make_frame(features, after, mask))
        kept.append(values[0])
        similar.append(values[1])
        if not isinstance(yardstick.lpips, str):
            distances.append(float(yardstick.lpips(before, after, mask)))
    network = f"{features.name}, layer {features.content_layer}", features.digest
    found = {"content.features": mean_of(kept), "content.similarity": mean_of(similar)}
    figures = [_figure(name, value, footage, "", network) for name, value in found.items()]
    figures += [_figure(name, value, footage, "") for name, value in pixel_content(footage.shots).items()]
    if isinstance(yardstick.lpips, str):
        return [*figures, absent("content.lpips", "lower", yardstick.lpips)]
    named = yardstick.lpips.name, yardstick.lpips.digest
    return [*figures, _figure("content.lpips", mean_of(distances), footage, "", named)]


def _figure(
    name: str, value: float | None, footage: Footage, suffix: str, network: tuple[str, str] = ("", ""),
    mask: str = COVERAGE,
) -> Figure:  # fmt: skip
    better = BETTER.get(name, "lower")
    if value is None:
        return absent(name + suffix, better, "no view has what it is measured on")
    return Figure(name + suffix, value, better, len(footage.shots), footage.size, mask, *network)
