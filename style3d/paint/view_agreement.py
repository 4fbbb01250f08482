"""This part keeps neighbouring views alike where paint may change with direction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import final

import numpy as np
from jaxtyping import Float
from torch import Tensor

from style3d.core.camera import Camera
from style3d.core.scene import Scene
from style3d.losses.agreement import disagreement
from style3d.render.cache import BuiltView

NEIGHBOURS = 4  # of a view, among which the one it must agree with is drawn
DEPTH_TOLERANCE = 0.03  # of the depth: what a trained field's depth may be off and still count as the same surface
APART = 0.5  # cosine: views whose axes are further apart than 60° share too little to be compared
SAME_PLACE = 1e-6  # of the scene's size: crops of one view agree by themselves

Values = Float[Tensor, "columns 3"]  # of the entries of a view


def nearest(cameras: Sequence[Camera], index: int, apart: float = APART, least: float = -1.0) -> list[int]:
    """A few views that look the same way as one of them, nearest first.

    Args:
        cameras: of the views.
        index: the one.
        apart: least cosine between the axes.
        least: scene units that must lie between.
    """
    own = cameras[index]
    away = ((float(np.linalg.norm(own.position - camera.position)), other) for other, camera in enumerate(cameras))
    axis = own.camera_to_world[:3, 2]
    alike = [(far, i) for far, i in away if i != index and axis @ cameras[i].camera_to_world[:3, 2] > apart]
    return [other for far, other in sorted(alike) if far > least][:NEIGHBOURS]


@final
class Agreement:
    """The views of a stage, each to be held against its neighbours.

    A view's operator carries a neighbour's colours over without resampling: A_v with what the entries show towards
    another place than the camera's, `Scene.turned_view`. Entries are compared with themselves alone, so there is
    nothing to test for occlusion. What is compared is the change since the beginning: highlights may stay.

    Args:
        scene: what the views show.
        views: all on level 0.
        weight: of the disagreement.
        seed: decides what a step draws.
        begun: what the entries of a view showed before painting.
    """

    def __init__(
        self,
        scene: Scene,
        views: Sequence[BuiltView],
        weight: float,
        seed: Sequence[int],
        begun: Callable[[BuiltView], Values],
    ) -> None:
        self._scene, self._views, self._weight, self._seed, self._begun = scene, tuple(views), weight, seed, begun
        cameras, least = [view.camera for view in views], SAME_PLACE * scene.extent
        self._near = cache(lambda index: nearest(cameras, index, 0.0, least))

    def terms(self, index: int, step: int, shown: Values) -> dict[str, Float[Tensor, ""]]:
        """The weighted term of a view, against a place drawn between it and its neighbours; none where it has none.

        Args:
            shown: what the view's entries show now; the term is differentiable to it.
        """
        near = self._near(index)
        if not near:
            return {}
        draw, view = np.random.default_rng([*self._seed, step]), self._views[index]
        stops = np.stack([self._views[i].camera.position for i in (index, *near)])
        place = draw.dirichlet(np.ones(len(stops))) @ stops
        turned = self._scene.turned_view(view.operator, place)
        change = shown - self._begun(view)
        ours, theirs = (operator.as_image(operator.apply(change)) for operator in (view.operator, turned))
        return {"consistency": self._weight * disagreement(ours, theirs, view.operator.mask(change))}
