"""Each perceptual feature has a row: its name, its description, its options and how it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, final

from style3d.errors import Style3DError, unknown_name
from style3d.losses.features.base import Features, Joint, Layers, pool_mask

__all__ = ["EXTRACTORS", "Features", "Joint", "Layers", "build_features", "features_help", "pool_mask"]

Progress = Callable[[int, int], None]  # of a download: bytes so far and in all


@final
@dataclass(frozen=True)
class Given:
    """What a loader may use. Concretely: a file of VGG's weights, and nothing of CLIP."""

    weights: Path | None = None  # .safetensors or .pth
    clip_model: str | None = None  # open_clip's name of it
    clip_weights: str | None = None  # a file, or a tag of published ones
    progress: Progress | None = None


@final
@dataclass(frozen=True)
class Extractor:
    """A kind of features. Concretely: "vgg16", which takes a file of weights or downloads them."""

    name: str
    meaning: str  # in a few words
    load: Callable[[Given], Features]
    takes: Literal["", "weights", "clip_weights"] = ""  # what it can be given; without, it has its own or fetches them
    offered: bool = True  # whether a job can name it; the others are parts and baselines


def _embedded_features(given: Given) -> Features:
    return Joint((_dictionary(given), _network(given)), name="embedded")


def _network(given: Given) -> Features:
    from style3d.losses.features.embedded import load_embedded

    return load_embedded(given.weights)


def _dictionary(given: Given) -> Features:
    from style3d.losses.features.dictionary import load_dictionary

    return load_dictionary()


def _wavelet(given: Given) -> Features:
    from style3d.losses.features.wavelet import Wavelet

    return Wavelet()


def _vgg19(given: Given) -> Features:
    from style3d.losses.features.vgg import load_vgg

    return load_vgg("vgg19", given.weights, given.progress)


def _vgg16(given: Given) -> Features:
    from style3d.losses.features.vgg import load_vgg

    return load_vgg("vgg16", given.weights, given.progress)


def _clip(given: Given) -> Features:
    from style3d.losses.features.clip import ClipFeatures
    from style3d.losses.text.open_clip_models import DEFAULT_MODEL, load_clip

    model = given.clip_model or DEFAULT_MODEL
    return ClipFeatures(load_clip(model, given.clip_weights), model)


def _random(given: Given) -> Features:
    from style3d.losses.features.vgg import random_vgg

    return random_vgg("vgg19", seed=0)


EXTRACTORS: dict[str, Extractor] = {
    row.name: row
    for row in (
        Extractor("embedded", "a network and colour patches that ship with style3d", _embedded_features, "weights"),
        Extractor("network", "that network alone", _network, "weights"),
        Extractor("dictionary", "those patches alone", _dictionary, offered=False),
        Extractor("wavelet", "filters without weights", _wavelet),
        Extractor("vgg19", "from --weights, or downloaded", _vgg19, "weights"),
        Extractor("vgg16", "the same, smaller", _vgg16, "weights"),
        Extractor("clip", "the image tower of --clip-model", _clip, "clip_weights"),
        Extractor("random", "VGG-19 with seeded random weights, a baseline", _random, offered=False),
    )
}


def features_help() -> str:
    """A sentence with every extractor that a job can name, and what it is."""
    told = ", ".join(f"{row.name} ({row.meaning})" for row in EXTRACTORS.values() if row.offered)
    return f"The network that compares images: {told}."


def build_features(
    name: str,
    weights: Path | str | None = None,
    progress: Progress | None = None,
    clip_model: str | None = None,
    clip_weights: str | None = None,
) -> Features:
    """The extractor of that name, on the CPU.

    Args:
        name: one of `EXTRACTORS`, or several joined by "+" ("wavelet+network"), whose content is compared on the last.
        weights: a local file, .safetensors or .pth, for those that take one. Without it VGG is downloaded, once.
        progress: of VGG's download: called with bytes so far and in all.
        clip_model: open_clip's name of the model, for "clip".
        clip_weights: of that model: a file, or a tag of published weights, which are downloaded, once.

    Raises:
        Style3DError: for an unknown name, or weights that do not fit.
    """
    rows = [_row(part) for part in name.split("+")]
    if weights is not None and not any(row.takes == "weights" for row in rows):
        hint = "give --clip-weights instead" if name == "clip" else "leave --weights out"
        raise Style3DError(f"{name} features take no weights", got=weights, hint=hint)
    given = Given(Path(weights) if weights is not None else None, clip_model, clip_weights, progress)
    parts = tuple(row.load(given) for row in rows)
    return parts[0] if len(parts) == 1 else Joint(parts, content=len(parts) - 1)


def _row(name: str) -> Extractor:
    if name not in EXTRACTORS:
        raise unknown_name("extractor", name, EXTRACTORS)
    return EXTRACTORS[name]
