"""Perceptual features by name; each extractor lives in its own file and is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from style3d.errors import Style3DError
from style3d.losses.features.base import Features, Joint, Layers, pool_mask

NAMES = ("embedded", "network", "dictionary", "wavelet", "vgg19", "vgg16", "random")

__all__ = ["NAMES", "Features", "Joint", "Layers", "build_features", "pool_mask"]


def build_features(
    name: str, weights: Path | None = None, progress: Callable[[int, int], None] | None = None
) -> Features:
    """The extractor of that name, on the CPU.

    Args:
        name: "embedded" (the default: the small network shipped with style3d beside a dictionary of colour
            patches), "network" and "dictionary" (each alone), "wavelet" (needs no weights), "vgg19" or "vgg16"
            (torchvision's layer names), "random" (VGG-19 with seeded random weights, a baseline), or several joined by "+"
            ("wavelet+network"), whose content is compared on the last.
        weights: local file, .safetensors or .pth; embedded and VGG only. Without it VGG is downloaded, once.
        progress: of a download: called with bytes so far and in all.

    Raises:
        Style3DError: for an unknown name, or weights that do not fit.
    """
    if "+" in name:
        parts = tuple(
            build_features(part, weights if part not in ("wavelet", "random", "dictionary") else None)
            for part in name.split("+")
        )
        return Joint(parts, content=len(parts) - 1)
    if name in ("wavelet", "random", "dictionary") and weights is not None:
        raise Style3DError(f"{name} features take no weights", got=weights, hint="leave --weights out")
    if name == "wavelet":
        from style3d.losses.features.wavelet import Wavelet

        return Wavelet()
    if name == "embedded":
        from style3d.losses.features.dictionary import load_dictionary
        from style3d.losses.features.embedded import load_embedded

        return Joint((load_dictionary(), load_embedded(weights)), content=1, name="embedded")
    if name == "dictionary":
        from style3d.losses.features.dictionary import load_dictionary

        return load_dictionary()
    if name == "network":
        from style3d.losses.features.embedded import load_embedded

        return load_embedded(weights)
    if name == "random":
        from style3d.losses.features.vgg import random_vgg

        return random_vgg("vgg19", seed=0)
    if name in ("vgg19", "vgg16"):
        from style3d.losses.features.vgg import load_vgg

        return load_vgg(name, weights, progress)
    raise Style3DError("unknown features", got=name, expected=" or ".join(NAMES))
