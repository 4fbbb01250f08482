"""`mossling.glb` and `mossling.ply`: a round forest creature of blended shapes with painted eyes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from recipes.bake import bake, unwrap
from recipes.gltf import Writer
from recipes.implicit import Shape, capsule, ellipsoid, gradient, mesh, mirror, union
from recipes.noise import Field, fbm, ramp, rgb, smoothstep
from recipes.surface import Faces, encode

SCALE = 0.22  # metres for one unit below: about half a metre to the tips of its ears
SIZE = 1024
EYE, GAZE = np.array([0.235, 1.055, 0.44]), np.array([0.20, 0.10, 1.0])
BELLY = np.array([0.0, 0.40, 0.62])


def shape() -> Shape:
    """The whole creature; it faces +z."""
    body = ellipsoid((0, 0.52, 0), (0.56, 0.54, 0.50))
    head = ellipsoid((0, 1.02, 0.10), (0.53, 0.44, 0.44))
    parts: list[tuple[Shape, float]] = [
        (body, 0.0),
        (head, 0.22),
        (ellipsoid((0, 0.90, 0.50), (0.20, 0.125, 0.13)), 0.12),  # muzzle
        (ellipsoid((0, 0.955, 0.635), (0.060, 0.042, 0.04)), 0.025),  # nose
        (mirror(ellipsoid(EYE - [0.005, 0, 0.075], (0.155, 0.17, 0.13))), 0.05),
        (mirror(ellipsoid((0.36, 0.88, 0.36), (0.13, 0.11, 0.12))), 0.10),  # cheeks
        (
            mirror(capsule([(0.30, 1.30, -0.02), (0.46, 1.58, -0.06), (0.68, 1.82, -0.10)], (0.16, 0.165, 0.06))),
            0.10,
        ),  # ears
        (
            mirror(capsule([(0.13, 1.40, 0.18), (0.155, 1.53, 0.23), (0.13, 1.64, 0.30)], (0.074, 0.058, 0.036))),
            0.04,
        ),  # horns
        (
            mirror(capsule([(0.46, 0.66, 0.14), (0.62, 0.50, 0.30), (0.55, 0.44, 0.46)], (0.12, 0.10, 0.115))),
            0.10,
        ),  # arms
        (mirror(ellipsoid((0.27, 0.09, 0.20), (0.20, 0.115, 0.28))), 0.12),  # feet
        (
            capsule(
                [(0, 0.30, -0.40), (0.05, 0.26, -0.68), (0.20, 0.42, -0.90), (0.30, 0.68, -0.92)],
                (0.20, 0.16, 0.13, 0.07),
            ),
            0.14,
        ),
        (ellipsoid((0.31, 0.78, -0.91), (0.17, 0.19, 0.165)), 0.05),  # the tuft of its tail
    ]
    toes = [(mirror(ellipsoid((0.27 + dx, 0.062, 0.455), (0.062, 0.062, 0.06))), 0.035) for dx in (-0.11, 0.0, 0.11)]
    ridge = [
        (ellipsoid((0, y, z), (0.05, 0.085, 0.075), 0.0), 0.07)
        for y, z in ((1.42, -0.16), (1.24, -0.33), (1.0, -0.42), (0.76, -0.51), (0.54, -0.54))
    ]
    hollow = mirror(ellipsoid((0.50, 1.62, 0.12), (0.10, 0.17, 0.13), -0.75))
    solid = union([*parts, *toes, *ridge])

    def distance(p: Field) -> Field:
        d, cut = solid(p), -hollow(p)
        h = np.maximum(0.06 - np.abs(d - cut), 0) / 0.06
        ground = -p[..., 1]  # it stands flat
        return np.maximum(np.maximum(d, cut) + h * h * 0.06 * 0.25, ground)

    return distance


def _eyes(p: Field, color: Field) -> Field:
    """Large eyes: white, amber iris with rays, dark pupil, two lights and a lid line."""
    side = np.concatenate([np.abs(p[:, :1]), p[:, 1:]], 1)
    offset = side - EYE
    axis = GAZE / np.linalg.norm(GAZE)
    right = np.cross([0, 1, 0], axis)
    right /= np.linalg.norm(right)
    up = np.cross(axis, right)
    u, v, front = offset @ right, offset @ up, offset @ axis
    r = np.hypot(u, v * 0.94)
    seen = smoothstep(-0.13, -0.10, front)
    edge = 0.004

    def layer(radius: float, tint: Field, base: Field, x: float = 0.0, y: float = 0.0) -> Field:
        away = np.hypot(u - x, (v - y) * 0.94)
        return base + (tint - base) * (smoothstep(radius + edge, radius - edge, away) * seen)[:, None]

    color = layer(0.142, rgb("#243326"), color)
    color = layer(0.131, rgb("#fbf6e6"), color)
    rays = 0.5 + 0.5 * np.sin(np.arctan2(v, u) * 26 + 3 * fbm(u * 60, v * 60))
    amber = ramp(
        np.clip(r / 0.1 + 0.25 * (rays - 0.5), 0, 1),
        [0, 0.45, 0.85, 1],
        [rgb(c) for c in ("#ffd34f", "#f5a526", "#c4621c", "#5f2c14")],
    )
    inner = -0.014
    color = layer(0.102, rgb("#41210f"), color, inner)
    color = layer(0.094, amber, color, inner)
    color = layer(0.056, rgb("#120d10"), color, inner)
    color = layer(0.027, rgb("#ffffff"), color, inner + 0.036, 0.042)
    return layer(0.013, rgb("#ffffff"), color, inner - 0.032, -0.034)


def _fur(p: Field, n: Field) -> Field:
    """Moss green coat with darker back, soft blotches and little strokes of hair that hang down."""
    tone = (
        0.5
        + 0.55 * fbm(p[:, 0] * 2.6, p[:, 1] * 2.6, p[:, 2] * 2.6, seed=1)
        + 0.22 * n[:, 1]
        - 0.16 * smoothstep(0.1, -0.7, p[:, 2])
    )
    angle = np.arctan2(p[:, 0], p[:, 2])
    hair = fbm(
        angle * 17 + 2 * fbm(p[:, 0] * 3, p[:, 1] * 3, p[:, 2] * 3, seed=8),
        p[:, 1] * 7,
        np.hypot(p[:, 0], p[:, 2]) * 20,
        octaves=4,
        seed=2,
    )
    stops = [rgb(c) for c in ("#1f4a45", "#2f7a5c", "#5fa860", "#a9cf68", "#e2ea9a")]
    return ramp(np.clip(tone + 0.32 * hair, 0, 1), [0, 0.28, 0.55, 0.8, 1], stops)


def _mix(color: Field, tint: Field, amount: Field) -> Field:
    return color + (tint - color) * amount[:, None]


def paint(p: Field, n: Field) -> Field:
    """Colour in [0, 1] of the points p (m, 3) with normals n, in model units."""
    side = np.abs(p[:, 0])
    color = _fur(p, n)
    wave = 0.05 * fbm(p[:, 0] * 7, p[:, 1] * 7, p[:, 2] * 7, seed=3)
    belly = np.hypot(p[:, 0] / 0.36, (p[:, 1] - 0.47) / 0.36) + wave * 2
    cream = ramp(
        0.5 + 0.8 * fbm(p[:, 0] * 8, p[:, 1] * 5, p[:, 2] * 8, seed=4), [0, 1], [rgb("#f6dcae"), rgb("#fff6d8")]
    )
    bars = smoothstep(0.55, 0.9, np.sin(p[:, 1] * 62 - 9 * p[:, 0] ** 2))
    front = smoothstep(0.15, 0.25, p[:, 2])
    color = _mix(
        color, cream - 0.10 * bars[:, None] * [0.3, 0.6, 1.0], smoothstep(1.0, 0.90, belly) * front * (p[:, 1] < 0.80)
    )
    muzzle = np.hypot(p[:, 0] / 0.235, (p[:, 1] - 0.885) / 0.135) + wave
    color = _mix(color, cream, smoothstep(1.0, 0.86, muzzle) * smoothstep(0.44, 0.50, p[:, 2]))
    blush = np.hypot((side - 0.41) / 0.10, (p[:, 1] - 0.862) / 0.062) + wave + 2 * smoothstep(0.36, 0.22, p[:, 2])
    color = _mix(color, rgb("#f59a86"), 0.92 * smoothstep(1.0, 0.80, blush) * front)
    color = _mix(color, rgb("#ee6f6c"), 0.55 * smoothstep(0.75, 0.1, blush) * front)
    inner_ear = smoothstep(
        1.08,
        0.9,
        np.hypot(
            ((side - 0.50) * 0.73 - (p[:, 1] - 1.62) * 0.68) / 0.088,
            ((side - 0.50) * 0.68 + (p[:, 1] - 1.62) * 0.73) / 0.19,
        ),
    )
    color = _mix(
        color,
        rgb("#f0a08c") + 0.1 * fbm(p[:, 0] * 20, p[:, 1] * 20)[:, None],
        inner_ear * smoothstep(-0.06, 0.0, p[:, 2]) * smoothstep(0.0, 0.3, n[:, 2]),
    )
    return _eyes(p, _details(p, side, _spots(p, color), wave))


def _details(p: Field, side: Field, color: Field, wave: Field) -> Field:
    """Horns, nose, mouth, toes, ridge and tuft."""
    horn = (
        smoothstep(1.455, 1.475, p[:, 1] + 0.2 * wave) * smoothstep(0.235, 0.225, side) * smoothstep(0.1, 0.13, p[:, 2])
    )
    rings = 0.5 + 0.5 * np.sin((p[:, 1] + 0.35 * p[:, 2]) * 150)
    color = _mix(
        color,
        ramp(np.clip((p[:, 1] - 1.45) / 0.22 + 0.35 * (rings - 0.5), 0, 1), [0, 1], [rgb("#b5563c"), rgb("#ffd9a0")]),
        horn,
    )
    nose = np.hypot(p[:, 0] / 0.068, (p[:, 1] - 0.962) / 0.050)
    color = _mix(
        color,
        rgb("#4b2436") + 0.35 * smoothstep(0.5, 0.0, np.hypot(p[:, 0] / 0.05, (p[:, 1] - 0.982) / 0.016))[:, None],
        smoothstep(1.05, 0.95, nose) * (p[:, 2] > 0.55),
    )
    smile = np.abs(p[:, 1] - (0.862 + 1.1 * np.abs(side - 0.062) ** 1.5 + 0.004)) - 0.0065 * smoothstep(
        0.165, 0.10, side
    )
    color = _mix(color, rgb("#5a2f35"), smoothstep(0.003, -0.002, smile) * (side < 0.155) * (p[:, 2] > 0.5))
    cleft = (side < 0.006) & (p[:, 1] > 0.875) & (p[:, 1] < 0.93) & (p[:, 2] > 0.55)
    color = _mix(color, rgb("#5a2f35"), cleft.astype(float))
    toe = smoothstep(0.485, 0.495, p[:, 2]) * (p[:, 1] < 0.12)
    color = _mix(color, rgb("#f4d9a6"), toe)
    tuft = smoothstep(0.64, 0.70, p[:, 1] + wave) * smoothstep(-0.70, -0.74, p[:, 2])
    flame = ramp(
        0.5 + 0.9 * fbm(p[:, 0] * 9, p[:, 1] * 5, p[:, 2] * 9, seed=5),
        [0, 0.5, 1],
        [rgb(c) for c in ("#d8552f", "#f39a3f", "#ffd97a")],
    )
    color = _mix(color, flame, tuft)
    ridge = (
        smoothstep(0.055, 0.04, side + 0.3 * wave)
        * smoothstep(-0.08, -0.2, p[:, 2])
        * (p[:, 2] > -0.66)
        * (p[:, 1] > 0.42)
    )
    return _mix(color, flame * 0.96, ridge)


def _spots(p: Field, color: Field) -> Field:
    """Pale spots on back, flanks and tail."""
    rng, form, placed = np.random.default_rng(7), shape(), np.zeros((0, 3))
    for _ in range(160):
        at = np.array(
            [[rng.uniform(0.13, 0.60) * rng.choice([-1, 1]), rng.uniform(0.2, 1.3), rng.uniform(-0.62, -0.02)]]
        )
        for _ in range(5):
            at = at - form(at)[:, None] * gradient(form, at, 1e-3)
        radius = rng.uniform(0.028, 0.070)
        if at[0, 1] > 1.34 or at[0, 1] < 0.15 or (len(placed) and np.linalg.norm(placed - at, axis=1).min() < 0.17):
            continue
        placed = np.concatenate([placed, at])
        d = np.linalg.norm(p - at, axis=1) + 0.012 * fbm(p[:, 0] * 30, p[:, 1] * 30, p[:, 2] * 30, seed=6)
        color = _mix(color, rgb("#1d4a48"), 0.45 * smoothstep(radius + 0.022, radius, d))
        color = _mix(color, rgb("#f1efae"), 0.95 * smoothstep(radius + 0.004, radius - 0.006, d))
    return color


def _save_ply(path: Path, position: Field, faces: Faces, color: Field) -> None:
    """Binary PLY with 8-bit vertex colours and no texture coordinates."""
    vertex = np.zeros(len(position), [("p", "<f4", 3), ("c", "u1", 3)])
    vertex["p"], vertex["c"] = position, np.clip(color * 255 + 0.5, 0, 255)
    face = np.zeros(len(faces), [("n", "u1"), ("i", "<i4", 3)])
    face["n"], face["i"] = 3, faces
    head = ["ply", "format binary_little_endian 1.0", f"element vertex {len(vertex)}",
            *(f"property float {a}" for a in "xyz"),
            *(f"property uchar {c}" for c in ("red", "green", "blue")), f"element face {len(face)}",
            "property list uchar int vertex_indices", "end_header", ""]  # fmt: skip
    path.write_bytes("\n".join(head).encode() + vertex.tobytes() + face.tobytes())


def make(path: Path) -> None:
    """Write `path` (GLB, textured) and its sibling .ply (vertex colours)."""
    form = shape()
    position, faces = mesh(form, (-0.95, -0.06, -1.2), (0.95, 2.0, 0.85), 0.0345)
    normal = gradient(form, position, 4e-3)
    part = unwrap(position, normal, faces, SIZE)
    texture = bake(part, paint, SIZE)
    writer = Writer()
    surface = writer.material("fur", writer.texture("fur", encode(texture, 93), "image/jpeg"), 0.8)
    primitive = writer.primitive(part.attributes(), part.faces, surface)
    body = writer.add("nodes", name="body", mesh=writer.add("meshes", name="mossling", primitives=[primitive]))
    writer.root(writer.add("nodes", name="mossling", children=[body], scale=[SCALE] * 3))
    writer.save(path)
    _save_ply(path.with_suffix(".ply"), position * SCALE, faces, paint(position, normal))
