"""The figures of style and content: a few views, each against the style picture and against its original."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
import torch
from jaxtyping import Float

from style3d.evaluate.footage.controls import tensors
from style3d.evaluate.footage.footage import ComparedView, Footage, Painting
from style3d.evaluate.metrics.clip import embedded, similarity
from style3d.evaluate.metrics.content import mean_of, network_content, pixel_content
from style3d.evaluate.metrics.figure import Better, Figure, absent
from style3d.evaluate.metrics.frechet import artfid, inception_distances
from style3d.evaluate.metrics.inception import Inception
from style3d.evaluate.metrics.lpips import Distance
from style3d.evaluate.metrics.palette import palette_distance
from style3d.evaluate.metrics.strokes import orientation_distance, scale_difference, strokes
from style3d.evaluate.metrics.style import framed, style_values
from style3d.losses.features.base import Features
from style3d.losses.term import Frame, make_frame
from style3d.losses.text.base import Encoder
from style3d.paint.style_library import resized
from style3d.types import Image, Mask, Picture

BETTER: dict[str, Better] = {
    "content.features": "higher", "content.ssim": "higher", "content.edges": "higher", "content.silhouette": "higher",
    "content.similarity": "lower", "content.lpips": "lower", "style.clip": "higher", "style.clip_text": "higher",
    "style.stroke_scale": "neither", "style.coherence": "neither",
}  # fmt: skip
FRECHET = ("style.fid_inception", "style.fid_views")
CLIP = ("style.clip", "style.clip_text")
STYLE = (
    "style.gram", "style.moments", "style.fid", *FRECHET, "style.patches", "style.palette", "style.orientation",
    "style.stroke_scale", "style.coherence", *CLIP,
)  # fmt: skip
CONTENT = (
    "content.features", "content.similarity", "content.ssim", "content.edges", "content.silhouette", "content.lpips",
)  # fmt: skip
COVERAGE = "the object's coverage"


@dataclass(frozen=True)
class Yardstick:
    """What pictures are measured against, and with. Concretely: a painting, the embedded network, no LPIPS."""

    style: Image | None  # (1, 3, h, w)
    features: Features
    lpips: Distance | str  # or why it is absent
    clip: Encoder | str
    inception: Inception | str = "no --inception weights were given"
    prompt: str = ""
    style_scale: float = 1.0


def look_figures(footage: Footage, yardstick: Yardstick) -> list[Figure]:
    """Style of the views after and (``.before``) before, content of the views after, and both at once."""
    figures = []
    for suffix, images in (("", footage.after), (".before", footage.before)):
        figures += style_figures(footage, images, yardstick, suffix)
    figures += content_figures(footage, yardstick)
    return figures + [artfid_figure(figures, suffix) for suffix in ("", ".before") if yardstick.style is not None]


@torch.no_grad()
def style_figures(footage: Footage, images: Sequence[Picture], yardstick: Yardstick, suffix: str) -> list[Figure]:
    """Of ``images``, which are the footage's before or after; without a style picture only what words can be told."""
    pairs = [tensors(shot, image) for shot, image in zip(footage.shots, images, strict=True)]
    if yardstick.style is None:
        return _clip_figures(footage, pairs, yardstick, suffix)
    size = yardstick.style_scale * max(images[0].shape[:2])
    style, features = resized(yardstick.style, size), yardstick.features
    wanted, fill = make_frame(features, style, None), style.mean((0, 2, 3))
    frames = [framed(features, image, mask, fill) for image, mask in pairs]
    values = style_values(frames, wanted, features)
    plain = {"style.patches": values.pop("style.patches")} | _plain(footage.shots, images, style)
    network = f"{features.name}, layer {features.content_layer}", features.digest
    figures = [
        _figure(name, value, footage, suffix, network if name == "style.fid" else (features.name, features.digest))
        for name, value in values.items()
    ]
    figures += _inception_figures(footage, frames, style, yardstick.inception, suffix)
    figures += [_figure(name, value, footage, suffix) for name, value in plain.items()]
    return figures + _clip_figures(footage, pairs, yardstick, suffix)


def _inception_figures(
    footage: Footage, frames: Sequence[Frame], style: Image, net: Inception | str, suffix: str
) -> list[Figure]:
    if isinstance(net, str):
        return [absent(f"{name}{suffix}", "lower", net) for name in FRECHET]
    values = inception_distances(frames, style, net)
    return [_figure(name, value, footage, suffix, (net.name, net.digest)) for name, value in values.items()]


def artfid_figure(figures: Sequence[Figure], suffix: str) -> Figure:
    """`artfid` of the views after; of the originals (``.before``), whose content is their own."""
    name, found = f"composite.artfid{suffix}", {figure.name: figure for figure in figures}
    fid, lpips = found[f"style.fid_views{suffix}"], found["content.lpips"]
    lacking = [one for one in (fid, lpips) if one.value is None]
    if lacking or fid.value is None or lpips.value is None:
        return absent(name, "lower", "; ".join(one.note.removeprefix("absent: ") for one in lacking))
    value = artfid(0.0 if suffix else lpips.value, fid.value)
    network, digest = f"{fid.network} and {lpips.network}", sha256((fid.digest + lpips.digest).encode()).hexdigest()
    return replace(fid, name=name, value=value, network=network, digest=digest)


def _plain(shots: Sequence[ComparedView], images: Sequence[Picture], style: Painting) -> dict[str, float]:
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


def _clip_figures(footage: Footage, pairs: Sequence[tuple[Image, Mask]], by: Yardstick, suffix: str) -> list[Figure]:
    if isinstance(by.clip, str):
        return [absent(f"{name}{suffix}", "higher", by.clip) for name in CLIP]
    seen = [embedded(by.clip, image) for image, _ in pairs]
    against = {
        "style.clip": embedded(by.clip, by.style) if by.style is not None else "no style image was given",
        "style.clip_text": by.clip.texts([by.prompt]) if by.prompt else "no prompt was given",
    }
    network = f"CLIP {by.clip.name}", by.clip.digest
    figures = []
    for name, other in against.items():
        if isinstance(other, str):
            figures.append(absent(f"{name}{suffix}", "higher", other))
        else:
            value = float(np.mean([similarity(one, other) for one in seen]))
            figures.append(_figure(name, value, footage, suffix, network, "none"))
    return figures


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
