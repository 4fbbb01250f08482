"""Each row measures figures that exist for one kind of scene only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

from style3d.core.scene import Scene
from style3d.errors import Style3DError
from style3d.evaluate.footage.render import RenderedFootage
from style3d.evaluate.metrics.figure import Figure
from style3d.evaluate.metrics.health import MeshPair, mesh_health
from style3d.evaluate.metrics.lights import light_figures
from style3d.evaluate.metrics.yardstick import Yardstick
from style3d.evaluate.request import EvaluationRequest
from style3d.mesh.scene import MeshScene

KindResult = tuple[tuple[Figure, ...], dict[str, Any]]


@final
@dataclass(frozen=True)
class KindFigures:
    """Figures of a kind of scene. Concretely: how visible a mesh's UV cuts are, and how it looks in other lights."""

    check: Callable[[EvaluationRequest, Any, Any], None]  # refuses what cannot be compared, before it is rendered
    measure: Callable[
        [EvaluationRequest, Any, Any, RenderedFootage, Yardstick], KindResult
    ]  # figures, and what the report says more


def _check_size(request: EvaluationRequest, before: MeshScene, after: MeshScene) -> None:
    original, styled = request.models
    if abs(after.extent - before.extent) > 0.02 * before.extent:
        raise Style3DError(
            f"{styled} has another size than {original}", got=f"{after.extent:.4g} scene units",
            expected=f"{before.extent:.4g}", hint="compare two states of one model",
        )  # fmt: skip


def _measure_mesh(
    request: EvaluationRequest, before: MeshScene, after: MeshScene, seen: RenderedFootage, yardstick: Yardstick
) -> KindResult:
    cameras = tuple(view.camera for view in seen.footage.views)
    original, styled = request.models
    figures, health = mesh_health(MeshPair(before, after, seen.seen, cameras, (original, styled)))
    return (*figures, *light_figures(after, yardstick, cameras)), health


KIND_FIGURES: dict[type[Scene], KindFigures] = {MeshScene: KindFigures(_check_size, _measure_mesh)}


def kind_figures(before: Scene, after: Scene) -> KindFigures | None:
    """The row of two scenes of one kind; none where there is none, or the kinds differ."""
    return KIND_FIGURES.get(type(before)) if type(before) is type(after) else None
