"""Gaussian splats are one frozen value, with the parameters that their files hold."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal, final

import numpy as np
from jaxtyping import Float, Float32, Int64
from scipy.spatial.transform import Rotation
from scipy.special import expit

from style3d.errors import Style3DError
from style3d.nerf.splats.harmonics import C0, MAX_DEGREE, band_rotations, basis
from style3d.nerf.splats.origin import Origin, Up
from style3d.types import Indices, Vector

Array = np.ndarray[Any, Any]
ViewDependence = Literal["drop", "keep"]
NORMALS = ("nx", "ny", "nz")
COEFFICIENTS = tuple((degree + 1) ** 2 for degree in range(MAX_DEGREE + 1))


@final
@dataclass(frozen=True, eq=False)
class Splats:
    """Anisotropic Gaussians with view-dependent colour (Kerbl et al., "3D Gaussian Splatting", 2023).

    Numbers are stored before their activations, so that reading a 3DGS PLY and writing it again changes no bit.
    Concretely: the biker is 152,746 splats of degree 0.

    Raises:
        Style3DError: ``sh`` has not 1, 4, 9, 16 or 25 coefficients, or an extra column another length.
    """

    positions: Float32[np.ndarray, "n 3"]  # centres, scene units
    rotations: Float32[np.ndarray, "n 4"]  # quaternions w x y z, not normalised; local axes to world
    log_scales: Float32[np.ndarray, "n 3"]  # natural logarithm of the standard deviations, scene units
    logit_opacities: Float32[np.ndarray, "n"]  # before the sigmoid; infinite where an opacity is 0 or 1
    sh: Float32[np.ndarray, "n coefficients 3"]  # RGB for each harmonic; [:, 0] is the constant term
    extras: Mapping[str, Array] = field(default_factory=dict)  # further columns (n,) of a file, such as nx, by name
    up: Up = "-y"  # the axis that points up
    origin: Origin = field(default_factory=Origin)  # what else its file says
    rows: Int64[np.ndarray, "n"] | None = None  # number of each in a glTF that keeps them; None: nobody asks
    antialiased: bool = False  # trained with an opacity that makes up for the dilation (Yu et al., Mip-Splatting, 2024)

    def __post_init__(self) -> None:
        """Columns of one length, and a table nobody can change."""
        object.__setattr__(self, "extras", MappingProxyType(dict(self.extras)))
        if self.sh.shape[1] not in COEFFICIENTS:
            expected = "1, 4, 9, 16 or 25 for each splat"
            raise Style3DError("splats have an unexpected number of harmonics", got=self.sh.shape[1], expected=expected)
        columns = [self.positions, self.rotations, self.log_scales, self.logit_opacities, self.sh]
        if {len(column) for column in (*columns, *self.extras.values())} != {self.count}:
            raise Style3DError("the columns of splats differ in length")

    @property
    def count(self) -> int:
        """Number of splats."""
        return len(self.positions)

    @property
    def degree(self) -> int:
        """Highest band of the harmonics, 0 to 4."""
        return COEFFICIENTS.index(self.sh.shape[1])

    @property
    def scales(self) -> Float32[np.ndarray, "n 3"]:
        """Standard deviations along the local axes, scene units."""
        return np.exp(self.log_scales)

    @property
    def opacities(self) -> Float32[np.ndarray, "n"]:
        """Opacity at the centre, in [0, 1]."""
        return expit(self.logit_opacities)

    @property
    def unit_rotations(self) -> Float32[np.ndarray, "n 4"]:
        """Unit quaternions w x y z; no rotation where a quaternion is zero."""
        length = np.linalg.norm(self.rotations.astype(np.float64), axis=1, keepdims=True)
        unit = self.rotations / np.where(length > 0, length, 1)
        return np.where(length > 0, unit, [1.0, 0.0, 0.0, 0.0]).astype(np.float32)

    @cached_property
    def base_colors(self) -> Float32[np.ndarray, "n 3"]:
        """Colour without its view-dependent part, display-referred RGB clipped to [0, 1]."""
        return np.clip(np.float32(0.5) + np.float32(C0) * self.sh[:, 0], 0, 1)

    @cached_property
    def content_hash(self) -> str:
        """Hexadecimal digest of every column: equal when, and only when, the splats are."""
        digest = hashlib.sha256(b"antialiased" if self.antialiased else b"")
        names = ("positions", "rotations", "log_scales", "logit_opacities", "sh")
        for name, column in [*((name, getattr(self, name)) for name in names), *self.extras.items()]:
            digest.update(f"{name} {column.dtype.str} {column.shape};".encode())
            digest.update(np.ascontiguousarray(column).data)
        return digest.hexdigest()

    def sh_colors(self, directions: Float[np.ndarray, "n 3"]) -> Float32[np.ndarray, "n 3"]:
        """The colour that each splat shows in its own direction, RGB from 0; not clipped above, as in the reference.

        Args:
            directions: unit vectors from the camera to each splat.
        """
        weights = basis(directions.astype(np.float32), self.degree)
        return np.maximum(np.einsum("nk,nkc->nc", weights, self.sh) + np.float32(0.5), 0)

    def seen_along(self, position: Vector, chosen: Indices) -> Float32[np.ndarray, "chosen 3"]:
        """Unit vectors from a place to the centres of some splats."""
        away = self.positions[chosen] - position
        return (away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-300)).astype(np.float32)

    def added_along(
        self, directions: Float[np.ndarray, "chosen 3"], chosen: Indices
    ) -> Float32[np.ndarray, "chosen 3"]:
        """What the higher bands add to the base colours of some splats, clipped so that no sum is under zero."""
        weights = basis(directions.astype(np.float32), self.degree)[:, 1:]
        added = np.einsum("nk,nkc->nc", weights, self.sh[chosen, 1:])
        return np.maximum(added, -self.base_colors[chosen])

    def with_base_colors(self, colors: Float32[np.ndarray, "n 3"], view_dependence: ViewDependence) -> Splats:
        """The same splats in other colours; a colour that is what it was keeps its constant term bit for bit.

        Args:
            colors: display-referred RGB in [0, 1].
            view_dependence: keep the higher bands as they are, or drop them, so that every direction sees ``colors``.
        """
        constant = np.where(colors == self.base_colors, self.sh[:, 0], (colors - np.float32(0.5)) / np.float32(C0))
        higher = self.sh[:, 1:] if view_dependence == "keep" else self.sh[:, 1:1]
        return replace(self, sh=np.concatenate([constant[:, None], higher], axis=1))

    def with_harmonics(self, sh: Float32[np.ndarray, "n coefficients 3"]) -> Splats:
        """The same splats with other colours in every direction."""
        return replace(self, sh=sh)

    def subset(self, chosen: Array) -> Splats:
        """Some of the splats: ``chosen`` is a mask (n,) or indices, in the order wanted."""
        return replace(
            self,
            positions=self.positions[chosen],
            rotations=self.rotations[chosen],
            log_scales=self.log_scales[chosen],
            logit_opacities=self.logit_opacities[chosen],
            sh=self.sh[chosen],
            extras={name: column[chosen] for name, column in self.extras.items()},
            rows=None if self.rows is None else self.rows[chosen],
        )

    def rotate(self, matrix: Float[np.ndarray, "3 3"]) -> Splats:
        """Turned or mirrored about the origin: centres, axes, normals and what each direction sees.

        Half turns about a coordinate axis, as between the conventions of files, are exact.

        Raises:
            Style3DError: the matrix is not orthogonal.
        """
        turn = np.asarray(matrix, np.float64)
        if not np.allclose(turn @ turn.T, np.eye(3), atol=1e-5):
            raise Style3DError("splats can only be rotated", got=turn.tolist(), expected="a rotation matrix")
        sh = self.sh.copy()
        for band, mix in enumerate(band_rotations(turn, self.degree), start=1):
            columns = slice(band**2, (band + 1) ** 2)
            sh[:, columns] = np.einsum("ij,njc->nic", mix, self.sh[:, columns])
        extras = dict(self.extras)
        if all(name in extras for name in NORMALS):
            normals = np.stack([extras[name] for name in NORMALS], axis=1)
            turned = (normals @ turn.T).astype(normals.dtype)
            extras |= {name: turned[:, axis] for axis, name in enumerate(NORMALS)}
        positions = (self.positions @ turn.T).astype(np.float32)
        return replace(self, positions=positions, rotations=_turn(self.rotations, turn), sh=sh, extras=extras)


def join(parts: Sequence[Splats]) -> Splats:
    """Several clouds as one, in order; missing bands are zeros, and extra columns stay where all have them."""
    most = max(part.sh.shape[1] for part in parts)
    padded = [np.pad(part.sh, ((0, 0), (0, most - part.sh.shape[1]), (0, 0))) for part in parts]
    shared = [name for name in parts[0].extras if all(name in part.extras for part in parts)]
    rows = [part.rows for part in parts if part.rows is not None]
    return replace(
        parts[0],
        positions=np.concatenate([part.positions for part in parts]),
        rotations=np.concatenate([part.rotations for part in parts]),
        log_scales=np.concatenate([part.log_scales for part in parts]),
        logit_opacities=np.concatenate([part.logit_opacities for part in parts]),
        sh=np.concatenate(padded),
        extras={name: np.concatenate([part.extras[name] for part in parts]) for name in shared},
        rows=np.concatenate(rows) if len(rows) == len(parts) else None,
        antialiased=all(part.antialiased for part in parts),
    )


def _turn(rotations: Array, turn: Array) -> Array:
    """Quaternions w x y z after a further turn: the Hamilton product from the left.

    A Gaussian is the same seen through its centre, so a mirror is a turn of its axes.
    """
    x, y, z, w = Rotation.from_matrix(turn * np.linalg.det(turn).round()).as_quat().round(15)
    left = np.array([[w, -x, -y, -z], [x, w, -z, y], [y, z, w, -x], [z, -y, x, w]])
    return (rotations @ left.T).astype(np.float32)
