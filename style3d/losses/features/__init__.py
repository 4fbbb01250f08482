"""Perceptual features by name; each extractor lives in its own file and is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from style3d.errors import Style3DError
from style3d.losses.features.base import Features, Joint, Layers, pool_mask

NAMES = ("embedded", "network", "dictionary", "wavelet", "vgg19", "vgg16", "clip", "random")
WEIGHTLESS = ("wavelet", "random", "dictionary")

__all__ = ["NAMES", "Features", "Joint", "Layers", "build_features", "pool_mask"]


def build_features(
    name: str,
    weights: Path | str | None = None,
    progress: Callable[[int, int], None] | None = None,
    clip_model: str | None = None,
) -> Features:
    """The extractor of that name, on the CPU.

    Args:
        name: "embedded" (the default: the small network shipped with style3d beside a dictionary of colour
            patches), "network" and "dictionary" (each alone), "wavelet" (needs no weights), "vgg19" or "vgg16"
            (torchvision's layer names), "clip" (an image tower of open_clip), "random" (VGG-19 with seeded random
            weights, a baseline), or several joined by "+" ("wavelet+network"), whose content is compared on the last.
        weights: local file, .safetensors or .pth; embedded, VGG and CLIP only; for "clip" also a tag of published
            weights. Without it VGG and CLIP are downloaded, once.
        progress: of VGG's download: called with bytes so far and in all.
        clip_model: open_clip's name of the model, for "clip".

    Raises:
        Style3DError: for an unknown name, or weights that do not fit.
    """
    if "+" in name:
        parts = tuple(
            build_features(part, weights if part not in WEIGHTLESS else None, progress, clip_model)
            for part in name.split("+")
        )
        return Joint(parts, content=len(parts) - 1)
    if name in WEIGHTLESS and weights is not None:
        raise Style3DError(f"{name} features take no weights", got=weights, hint="leave --weights out")
    if name in ("embedded", "network", "dictionary", "wavelet"):
        return _shipped(name, Path(weights) if weights is not None else None)
    if name == "clip":
        from style3d.losses.features.clip import ClipFeatures
        from style3d.losses.text.open_clip_models import DEFAULT_MODEL, load_clip

        model = clip_model or DEFAULT_MODEL
        return ClipFeatures(load_clip(model, str(weights) if weights else None), model)
    if name in ("vgg19", "vgg16", "random"):
        from style3d.losses.features.vgg import load_vgg, random_vgg

        if name == "random":
            return random_vgg("vgg19", seed=0)
        return load_vgg(name, Path(weights) if weights is not None else None, progress)
    raise Style3DError("unknown features", got=name, expected=" or ".join(NAMES))


def _shipped(name: str, weights: Path | None) -> Features:
    """What needs no download."""
    if name == "wavelet":
        from style3d.losses.features.wavelet import Wavelet

        return Wavelet()
    from style3d.losses.features.dictionary import load_dictionary
    from style3d.losses.features.embedded import load_embedded

    if name == "dictionary":
        return load_dictionary()
    network = load_embedded(weights)
    return network if name == "network" else Joint((load_dictionary(), network), name="embedded")
