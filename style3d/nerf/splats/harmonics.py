"""Real spherical harmonics go to degree 4, with the order and signs of the 3DGS reference code."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

Array = np.ndarray[Any, Any]

MAX_DEGREE = 4
C0 = 0.28209479177387814  # the constant band: 1 / (2 √π)
C1 = 0.4886025119029199
C2 = (1.0925484305920792, -1.0925484305920792, 0.31539156525252005, -1.0925484305920792, 0.5462742152960396)
C3 = (
    -0.5900435899266435,
    2.890611442640554,
    -0.4570457994644658,
    0.3731763325901154,
    -0.4570457994644658,
    1.445305721320277,
    -0.5900435899266435,
)
C4 = (
    2.5033429417967046,
    -1.7701307697799304,
    0.9461746957575601,
    -0.6690465435572892,
    0.10578554691520431,
    -0.6690465435572892,
    0.47308734787878004,
    -1.7701307697799304,
    0.6258357354491761,
)


def basis(directions: Float[np.ndarray, "n 3"], degree: int) -> Float[np.ndarray, "n coefficients"]:
    """Every basis function of bands 0 to ``degree`` in every direction.

    Args:
        directions: unit vectors; in splatting they point from the camera to the splat.
        degree: 0 to 4.

    Returns:
        (n, (degree + 1)²) in the precision of ``directions``, orthonormal over the sphere. Sloan, "Stupid Spherical
        Harmonics Tricks", appendix A2, with x, y and z in the order of the reference code.
    """
    x, y, z = directions.T
    xx, yy, zz = x * x, y * y, z * z
    columns = [np.full_like(x, C0)]
    if degree >= 1:
        columns += [-C1 * y, C1 * z, -C1 * x]
    if degree >= 2:
        parts = (x * y, y * z, 2 * zz - xx - yy, x * z, xx - yy)
        columns += [factor * part for factor, part in zip(C2, parts, strict=True)]
    if degree >= 3:
        ring = 4 * zz - xx - yy
        parts3 = (
            y * (3 * xx - yy),
            x * y * z,
            y * ring,
            z * (2 * zz - 3 * xx - 3 * yy),
            x * ring,
            z * (xx - yy),
            x * (xx - 3 * yy),
        )
        columns += [factor * part for factor, part in zip(C3, parts3, strict=True)]
    if degree >= 4:
        parts4 = (
            x * y * (xx - yy),
            y * z * (3 * xx - yy),
            x * y * (7 * zz - 1),
            y * z * (7 * zz - 3),
            zz * (35 * zz - 30) + 3,
            x * z * (7 * zz - 3),
            (xx - yy) * (7 * zz - 1),
            x * z * (xx - 3 * yy),
            xx * (xx - 3 * yy) - yy * (3 * xx - yy),
        )
        columns += [factor * part for factor, part in zip(C4, parts4, strict=True)]
    return np.stack(columns, axis=1)


def band_rotations(matrix: Float[np.ndarray, "3 3"], degree: int) -> list[Array]:
    """What a rotation of the world does to the coefficients of each band from 1 to ``degree``.

    With D the matrix of a band, Σ (D c)ᵢ Yᵢ(R d) = Σ cᵢ Yᵢ(d) for every direction d: the turned function shows in the
    turned direction what it showed before. Found by solving that for directions spread over the sphere, since the
    bands are closed under rotation; entries of quarter turns come out as exact 0, 1 and -1.

    Returns:
        (2l + 1, 2l + 1) float64 for each band l.
    """
    count = 64
    height = 1 - (2 * np.arange(count) + 1) / count
    angle = np.pi * (3 - np.sqrt(5)) * np.arange(count)
    ring = np.sqrt(1 - height**2)
    directions = np.stack([ring * np.cos(angle), ring * np.sin(angle), height], axis=1)
    before, after = basis(directions, degree), basis(directions @ np.asarray(matrix, np.float64).T, degree)
    found: list[Array] = []
    for band in range(1, degree + 1):
        columns = slice(band**2, (band + 1) ** 2)
        turned: Array = np.linalg.lstsq(after[:, columns], before[:, columns], rcond=None)[0]
        whole = np.rint(turned)
        found.append(np.where(np.abs(turned - whole) < 1e-12, whole, turned))
    return found
