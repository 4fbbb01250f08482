"""Lobes express colour by direction as colours at the corners of a Platonic solid, with means between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, final

import numpy as np
from jaxtyping import Float, Float32

from style3d.core.camera import fibonacci_directions
from style3d.nerf.splats.harmonics import C0, basis
from style3d.nerf.splats.splats import Splats

Array = np.ndarray[Any, Any]
GOLDEN = (1 + 5**0.5) / 2
MOST_DEGREE = 3  # of a solid that has enough corners; a fourth band stays as it is
SHARPEST = 0.01  # of the constant band's square: bands that a mean hardly carries are not blown up to be held


def _corners(degree: int) -> Array:
    """The corners of the solid for a degree, unit length: tetrahedron, icosahedron or dodecahedron."""
    cube = np.array(list(product((-1.0, 1.0), repeat=3)))
    if degree == 1:
        return cube[cube.prod(axis=1) > 0] / np.sqrt(3)
    signs = np.array(list(product((-1.0, 1.0), repeat=2)))
    long, short = (GOLDEN, 1.0) if degree == 2 else (GOLDEN, 1 / GOLDEN)
    edges = np.column_stack([np.zeros(4), signs * [short, long]])
    rolled = np.concatenate([np.roll(edges, shift, axis=1) for shift in range(3)])
    corners = rolled if degree == 2 else np.concatenate([cube, rolled])
    return corners / np.linalg.norm(corners[0])


@final
@dataclass(frozen=True)
class Lobes:
    """Colours by direction that are harmonics of ``degree`` and that no direction leaves [0, 1] in.

    Seen along d, the colour is Σ_k w_k(d) θ_k with w_k(d) = (L + 1)/K · ((1 + d·corner_k) / 2)^L. The weights are
    positive and, the corners being a spherical design, sum to one: a mean of colours is a colour. Each is a polynomial
    of degree L, so harmonics of that degree hold it exactly. Concretely: twenty colours for a splat of degree 3.
    """

    degree: int  # L, 1 to 3

    @cached_property
    def corners(self) -> Float[np.ndarray, "lobes 3"]:
        """Unit directions from a camera to what it sees."""
        return _corners(self.degree)

    @property
    def count(self) -> int:
        """Colours of each splat: 4, 12 or 20."""
        return len(self.corners)

    def weights(self, directions: Float[np.ndarray, "n 3"]) -> Float32[np.ndarray, "n lobes"]:
        """The share of every colour in what is seen along unit directions; rows sum to one."""
        near = np.clip((1 + directions @ self.corners.T) / 2, 0, 1)
        return (near**self.degree * ((self.degree + 1) / self.count)).astype(np.float32)

    @cached_property
    def harmonics(self) -> Float[np.ndarray, "coefficients lobes"]:
        """The coefficients of every w_k: what turns colours into harmonics."""
        around = fibonacci_directions(64)
        shares = self.weights(around).astype(np.float64)
        found: Array = np.linalg.lstsq(basis(around, self.degree), shares, rcond=None)[0]
        return found

    def initial(self, splats: Splats) -> Float32[np.ndarray, "n lobes 3"]:
        """Colours in [0, 1] that come nearest to what the splats show from all around."""
        known, size = self.harmonics, np.sqrt(self.count) * self.harmonics[0].mean()
        lift = np.linalg.solve(known.T @ known + SHARPEST * size**2 * np.eye(self.count), known.T)[:, 1:]
        added = np.einsum("kc,ncr->nkr", lift.astype(np.float32), splats.sh[:, 1 : len(known)])
        colors: Float32[np.ndarray, "n lobes 3"] = np.clip(splats.base_colors[:, None] + added, 0, 1)
        return colors

    def splats_with_colors(self, splats: Splats, colors: Float32[np.ndarray, "n lobes 3"]) -> Splats:
        """The splats with their harmonics moved as far as the colours were; untouched splats keep every bit."""
        change = np.einsum("ck,nkr->ncr", self.harmonics, colors - self.initial(splats)).astype(np.float32)
        moved = (change != 0).any(axis=(1, 2))
        sh = splats.sh.copy()
        sh[moved, 0] = (splats.base_colors[moved] - np.float32(0.5)) / np.float32(C0)
        sh[moved, : change.shape[1]] += change[moved]
        return splats.with_harmonics(sh)
