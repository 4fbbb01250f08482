"""A need is a row that says what a metric requires, why it may be missing, and which network it loads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from style3d.evaluate.metrics.painted_views import PaintedViews
from style3d.evaluate.metrics.yardstick import Yardstick

FRAMES = "frames alone say nothing of the geometry"


@final
@dataclass(frozen=True)
class Judge:
    """A network that takes part in a figure. Concretely: "squeezenet1_1", and the sha256 (hex) of its weights."""

    name: str
    digest: str


@final
@dataclass(frozen=True)
class Need:
    """One row. Concretely: CLIP, which is absent for want of --clip-weights."""

    lacking: Callable[[PaintedViews], str] = lambda _: ""  # why it is not there; empty where it is
    judge: Callable[[Yardstick], Judge | None] = lambda _: None  # the network that it brings


def _why(part: object) -> str:
    """What stands for a network that is absent is the reason."""
    return part if isinstance(part, str) else ""


def _lpips(by: Yardstick) -> Judge | None:
    return None if isinstance(by.lpips, str) else Judge(by.lpips.name, by.lpips.digest)


def _clip(by: Yardstick) -> Judge | None:
    return None if isinstance(by.clip, str) else Judge(f"CLIP {by.clip.name}", by.clip.digest)


def _inception(by: Yardstick) -> Judge | None:
    return None if isinstance(by.inception, str) else Judge(by.inception.name, by.inception.digest)


def _gallery(by: Yardstick) -> Judge | None:
    return None if isinstance(by.gallery, str) else Judge(by.gallery.judge.name, by.gallery.judge.digest)


def _layer(by: Yardstick) -> Judge:
    return Judge(f"{by.features.name}, layer {by.features.content_layer}", by.features.digest)


def _outline_missing(views: PaintedViews) -> str:
    outlined = any(view.after_mask is not None for view in views.footage.views)
    return "" if outlined else "the stylised frames come without an outline"


def _form_missing(views: PaintedViews) -> str:
    if views.scene is None:
        return FRAMES
    return "" if views.daylight is not None else "the colours of such a scene hold light of their own"


NEEDS: dict[str, Need] = {
    "style": Need(lambda views: "" if views.yardstick.style is not None else "no style image was given"),
    "words": Need(lambda views: "" if views.yardstick.prompt else "no prompt was given"),
    "scene": Need(lambda views: "" if views.scene is not None else FRAMES),
    "form": Need(_form_missing),  # daylight on the shape
    "outline": Need(_outline_missing),  # of the stylised views
    "features": Need(judge=lambda by: Judge(by.features.name, by.features.digest)),
    "content layer": Need(judge=_layer),
    "lpips": Need(lambda views: _why(views.yardstick.lpips), _lpips),
    "clip": Need(lambda views: _why(views.yardstick.clip), _clip),
    "inception": Need(lambda views: _why(views.yardstick.inception), _inception),
    "gallery": Need(lambda views: _why(views.yardstick.gallery), _gallery),
}
