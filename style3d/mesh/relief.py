"""Relief turns painted colours into height, roughness, normals and glow, as strokes would have them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32
from scipy.ndimage import correlate1d, gaussian_filter

from style3d.color.match import LUMA_709
from style3d.render.surface import Wrap

GREY = np.array(LUMA_709, dtype=np.float32)
BROAD = 1 / 48  # of the texture: what is wider is shape or pattern, and no stroke
FINE = 0.7  # texels: what is smaller is noise
SLOPE = 0.8  # of the relief, texels up for a texel along at full contrast
SHEEN = 0.35  # share by which the highest strokes are smoother than the material
LEAST = 0.04  # roughness, below which highlights vanish
GLOW = 0.3  # share by which strokes brighten and darken what shines
MODES: dict[Wrap, str] = {"repeat": "wrap", "clamp": "nearest", "mirror": "reflect"}
Rgb = Float32[np.ndarray, "h w 3"]
Plane = Float32[np.ndarray, "h w"]


def stroke_height(rgb: Rgb, wrap: tuple[Wrap, Wrap]) -> Plane:
    """Height of the paint in [-1, 1]: luminance between the scale of noise and that of shapes, by its own contrast."""
    grey, modes = rgb @ GREY, (MODES[wrap[1]], MODES[wrap[0]])
    fine = gaussian_filter(grey, FINE, mode=modes)
    height = fine - gaussian_filter(grey, max(2.0, BROAD * max(rgb.shape[:2])), mode=modes)
    contrast = float(np.quantile(np.abs(height[:: max(1, len(height) // 512)]), 0.95))
    return np.clip(height / max(contrast, 0.02), -1, 1).astype(np.float32)


def relief_normals(height: Plane, wrap: tuple[Wrap, Wrap]) -> Rgb:
    """Unit normals in tangent space, glTF's way: x along u, y against v (up the picture), z out of the surface."""
    along = correlate1d(height, [-0.5, 0.0, 0.5], axis=1, mode=MODES[wrap[0]])
    down = correlate1d(height, [-0.5, 0.0, 0.5], axis=0, mode=MODES[wrap[1]])
    return _unit(np.stack([-SLOPE * along, SLOPE * down, np.ones_like(height)], 2))


def reorient(base: Rgb, detail: Rgb) -> Rgb:
    """``detail`` laid over ``base``, both unit normals in tangent space.

    Reoriented normal mapping (Barré-Brisebois and Hill, "Blending in Detail", 2012): t = base + z,
    u = detail · (−1, −1, 1), result = t (t·u) / t_z − u. A flat base gives the detail, a flat detail the base.
    """
    t = base + np.array([0, 0, 1], dtype=np.float32)
    u = detail * np.array([-1, -1, 1], dtype=np.float32)
    return _unit(t * (t * u).sum(2, keepdims=True) / np.maximum(t[..., 2:], 1e-3) - u)


def roughness_of_strokes(roughness: Plane, height: Plane) -> Plane:
    """Roughness in [0, 1] around the material's own: ridges of paint are smoother, valleys rougher."""
    return np.clip(roughness * (1 - SHEEN * height), LEAST, 1).astype(np.float32)


def glow_of_paint(emissive: Rgb, before: Rgb, after: Rgb, height: Plane) -> Rgb:
    """What shines, in the colours that painting gave the surface: as bright as it was, but for the strokes.

    The map of colours is the affine one that takes the old base colours nearest to the new ones; black stays black.
    """
    step = max(1, before.shape[0] * before.shape[1] // 20_000)
    old, new = before.reshape(-1, 3)[::step], after.reshape(-1, 3)[::step]
    rows = np.column_stack([old, np.ones(len(old))])
    ridge = 1e-3 * len(rows) * np.eye(4)
    matrix = np.linalg.solve(rows.T @ rows + ridge, rows.T @ new + ridge @ np.vstack([np.eye(3), np.zeros(3)]))
    mapped = np.clip(emissive @ matrix[:3] + matrix[3], 0.02, 1)
    level = (emissive @ GREY) / (mapped @ GREY) * (1 + GLOW * height)
    return np.clip(mapped * level[..., None], 0, 1).astype(np.float32)


def _unit(vectors: Rgb) -> Rgb:
    return (vectors / np.maximum(np.linalg.norm(vectors, axis=2, keepdims=True), 1e-6)).astype(np.float32)
