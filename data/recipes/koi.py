"""`koi.glb`: a butterfly koi with flowing fins, skinned to a chain of joints and swimming."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import interpolate

from recipes.bake import bake
from recipes.gltf import Writer
from recipes.noise import Field, fbm, ramp, rgb, smoothstep
from recipes.rig import Joint, add_skeleton, add_swing, chain_weights, strongest
from recipes.surface import Box, Patch, encode, join, patch

SIZE = 1024
LENGTH = 0.62  # metres for one unit of body length below
LIFT = 0.42  # the fish swims this far above the origin, in units
# Distance from the nose, then half height above and below the spine line and half width.
SECTIONS = np.array([
    (0.000, 0.000, 0.000, 0.000), (0.012, 0.022, 0.024, 0.026), (0.04, 0.044, 0.048, 0.048),
    (0.10, 0.078, 0.080, 0.076), (0.18, 0.110, 0.104, 0.095), (0.30, 0.138, 0.122, 0.104),
    (0.45, 0.138, 0.118, 0.098), (0.62, 0.108, 0.092, 0.074), (0.78, 0.070, 0.064, 0.045),
    (0.92, 0.048, 0.048, 0.026), (1.0, 0.046, 0.048, 0.016),
])  # fmt: skip
SIDES = [Box(10, 10, 760, 326, SIZE), Box(10, 352, 760, 326, SIZE)]
FINS = {"tail": Box(10, 694, 420, 320, SIZE), "dorsal": Box(446, 694, 330, 320, SIZE),
        "anal": Box(792, 694, 222, 320, SIZE), "pectoral": Box(786, 10, 228, 326, SIZE),
        "pelvic": Box(786, 352, 228, 326, SIZE)}  # fmt: skip


def _section(s: Field) -> tuple[Field, Field, Field, Field]:
    """Spine height, half heights above and below it, and half width at distance s from the nose (a round one)."""
    parts = [interpolate.PchipInterpolator(np.sqrt(SECTIONS[:, 0]), SECTIONS[:, c])(np.sqrt(s)) for c in (1, 2, 3)]
    return 0.012 * np.sin(np.pi * s), *parts


def _point(s: Field, angle: Field, inset: float = 1.0) -> Field:
    """Surface point; angle 0 is the left flank (+x), a quarter turn the back (+y). Nose at z = +0.5."""
    mid, above, below, wide = _section(s)
    tall = np.where(np.sin(angle) > 0, above, below)
    cos, sin = np.cos(angle), np.sin(angle)
    x = wide * np.sign(cos) * np.abs(cos) ** 0.9
    return np.stack([inset * x, LIFT + mid + inset * tall * sin, 0.5 - s], -1)


def _body() -> Patch:
    sides = []
    for half, box in enumerate(SIDES):
        along = np.linspace(0, 1, 84) ** 1.25
        s, a = np.meshgrid(along, np.linspace(-np.pi / 2, np.pi / 2, 33), indexing="ij")
        ss, tt = np.meshgrid(np.linspace(0, 1, 84), np.linspace(1, 0, 33), indexing="ij")
        points = _point(s, a if half == 0 else np.pi - a)
        bulge = np.exp(-(((s - 0.105) / 0.022) ** 2) - ((a - 0.36) / 0.22) ** 2)  # the eyes stand out a little
        points[..., 0] += 0.009 * bulge * (1 if half == 0 else -1)
        sides.append(patch(points, box.uv(along[:, None] + 0 * ss, tt), flip=half == 0))
    return join(sides)


def _fin(base: Field, tip: Field, box: Box, wave: Field, rows: int = 22) -> Patch:
    """A membrane from `base` (n, 3) to `tip` (n, 3) that bends sideways by `wave` (rows, n, 3)."""
    t = np.linspace(0, 1, rows)[:, None, None]
    points = base + (tip - base) * t + wave * t**1.6
    s, v = np.meshgrid(np.linspace(0, 1, len(base)), np.linspace(0, 1, rows))
    return patch(points, box.uv(s, v))


def _ripple(
    rows: int, columns: int, size: float, folds: float, direction: tuple[float, float, float], lag: float = 2.0
) -> Field:
    t, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    return (size * np.sin(2 * np.pi * folds * u + lag * t))[..., None] * np.asarray(direction)


def _tail(n: int = 49) -> Patch:
    u = np.linspace(-1, 1, n)
    root = _point(np.full(n, 0.985), np.where(u > 0, np.pi / 2, -np.pi / 2), 0.98)
    mid = _point(np.array(0.985), np.array(0.0))[1]
    base = np.stack([0 * u, mid + (root[:, 1] - mid) * np.abs(u), 0.5 - 0.975 - 0.012 * (1 - u**2)], -1)
    reach = 0.17 + 0.25 * np.abs(u) ** 1.3 - 0.10 * smoothstep(0.80, 1.0, np.abs(u)) + 0.005 * np.cos(44 * u)
    angle = u * 0.78
    tip = base + np.stack([0 * u, np.sin(angle) * reach, -np.cos(angle) * reach], -1)
    return _fin(base, tip, FINS["tail"], _ripple(26, n, 0.045, 1.4, (1, 0, 0.1), 2.5), 26)


def _ridge_fin(
    name: str, start: float, end: float, sign: float, tall: tuple[float, float], sweep: float, n: int = 41
) -> Patch:
    """A fin on the back (sign +1) or belly (-1) between two distances from the nose."""
    u = np.linspace(0, 1, n)
    base = _point(start + (end - start) * u, np.full(n, sign * np.pi / 2), 0.97)
    height = (tall[0] + (tall[1] - tall[0]) * u) * smoothstep(-0.12, 0.14, u) * smoothstep(
        1.25, 0.8, u
    ) + 0.004 * np.cos(46 * u)
    tip = base + np.stack([0 * u, sign * height, -sweep * (0.4 + u) * height], -1)
    return _fin(base, tip, FINS[name], _ripple(22, n, 0.014, 1.3, (1, 0, 0)))


def _paired_fin(name: str, at: float, angle: float, length: float, side: float, n: int = 29) -> Patch:
    """A fan that leaves the flank backwards, outwards and down; side +1 left, -1 right."""
    u = np.linspace(-1, 1, n)
    root = _point(np.array(at), np.array(angle), 0.93)
    base = root + np.stack([0 * u, 0.012 * u, -0.028 * u], -1)
    turn = 0.55 + 0.62 * u
    reach = length * (0.62 + 0.38 * np.cos(1.25 * u)) * (1 + 0.03 * np.cos(30 * u))
    direction = np.stack([0.80 * np.cos(turn * 0.6), -0.42 - 0.10 * u, -np.sin(turn) - 0.28], -1)
    tip = base + direction / np.linalg.norm(direction, axis=1, keepdims=True) * reach[:, None]
    fin = _fin(base, tip, FINS[name], _ripple(22, n, 0.012, 1.1, (0.2, 1, 0)))
    if side > 0:
        return fin
    flip = np.array([-1.0, 1.0, 1.0])  # the right one shares the left one's texels
    return Patch(fin.position * flip, fin.normal * flip, fin.uv, fin.faces[:, ::-1])


def _scales(s: Field, a: Field) -> tuple[Field, Field]:
    """Staggered rows of overlapping scales: (darkness of the rim, shine of the middle) in [0, 1]."""
    u, v = s * 46, a * 9.5
    rim, shine = np.zeros_like(s), np.zeros_like(s)
    for row in (0, 1):
        cu, cv = np.floor(u - 0.5 * row) + 0.5 + 0.5 * row, np.floor(v - 0.5 * row) + 0.5 + 0.5 * row
        r = np.hypot((u - cu) * 1.15 + 0.12, v - cv)
        rim = np.maximum(rim, np.exp(-(((r - 0.50) / 0.07) ** 2)) * (u > cu - 0.1))
        shine = np.maximum(shine, smoothstep(0.42, 0.05, r))
    return rim, shine


def _over(color: Field, tint: Field, amount: Field) -> Field:
    return color + (tint - color) * amount[:, None]


def _coat(p: Field) -> Field:
    """White koi with vermilion saddles and a few ink marks; gold on the head."""
    warp = 0.05 * fbm(p[:, 0] * 9, p[:, 1] * 9, p[:, 2] * 9, seed=2)
    pearl = ramp(0.5 + fbm(p[:, 0] * 5, p[:, 1] * 5, p[:, 2] * 5, seed=3), [0, 1], [rgb("#f3e6d2"), rgb("#fffaf0")])
    back = p[:, 1] - LIFT
    field = fbm(p[:, 0] * 4.2, p[:, 1] * 3.2, p[:, 2] * 4.6 + 3.7, octaves=3, seed=14) + 0.9 * back + warp
    red = ramp(
        0.5 + 1.1 * fbm(p[:, 0] * 8, p[:, 1] * 8, p[:, 2] * 8, seed=4) + 2.2 * back,
        [0, 0.5, 1],
        [rgb(c) for c in ("#f7913a", "#ee5a25", "#cf2d1c")],
    )
    color = _over(pearl, red, smoothstep(0.0, 0.022, field - 0.02))
    ink = fbm(p[:, 0] * 8, p[:, 1] * 7, p[:, 2] * 8.5 + 1.2, octaves=3, seed=29) + 0.5 * back
    color = _over(
        color, rgb("#20222c"), 0.95 * smoothstep(0.29, 0.32, ink + warp) * smoothstep(0.40, 0.33, p[:, 2] + warp)
    )
    return _over(color, rgb("#fffdf6"), 0.55 * smoothstep(-0.02, -0.12, back))


def paint(p: Field, n: Field) -> Field:
    """Colour in [0, 1] of body points p (m, 3) in units of the body."""
    s = 0.5 - p[:, 2]
    mid, above, below, wide = _section(np.clip(s, 1e-6, 1))
    dy = p[:, 1] - LIFT - mid
    a = np.arctan2(dy / np.maximum(np.where(dy > 0, above, below), 1e-6), np.abs(p[:, 0]) / np.maximum(wide, 1e-6))
    color = _coat(p)
    rim, shine = _scales(s, a)
    mailed = smoothstep(0.205, 0.25, s + 0.02 * np.cos(2 * a)) * smoothstep(1.0, 0.93, s)
    color = color * (1 - 0.34 * rim * mailed)[:, None] + (0.07 * shine * mailed)[:, None]
    gill = np.abs(np.hypot((s - 0.115) * 1.0, dy * 0.85) - 0.092)
    color = _over(color, rgb("#a8462f"), 0.75 * smoothstep(0.0042, 0.0012, gill) * (s > 0.15) * (np.abs(a) < 1.0))
    mouth = np.abs(dy + 0.010 + 0.35 * s) - 0.0022
    color = _over(color, rgb("#8a3b33"), smoothstep(0.002, 0.0, mouth) * (s < 0.036))
    color = _over(color, rgb("#f4a79a"), 0.6 * smoothstep(0.03, 0.0, s))
    nostril = np.hypot(s - 0.048, dy - 0.024)
    color = _over(color, rgb("#5a2c28"), smoothstep(0.0055, 0.0035, nostril))
    return _eye(s, dy, color)


def _eye(s: Field, dy: Field, color: Field) -> Field:
    r = np.hypot(s - 0.105, (dy - 0.026) * 1.05)
    for radius, tint in ((0.0270, "#7b3a22"), (0.0245, "#f6c443"), (0.0205, "#fbe28a"), (0.0165, "#14121a")):
        color = _over(color, rgb(tint), smoothstep(radius + 0.0009, radius - 0.0009, r))
    glint = np.hypot(s - 0.099, dy - 0.033)
    return _over(color, rgb("#ffffff"), smoothstep(0.0062, 0.0046, glint))


def _membrane(name: str, box: Box) -> Field:
    """A fin's colour: body colour at its root, pearl out to a pale edge, fine rays; six pixels of margin."""
    pad = 6
    s, t = np.meshgrid(
        np.arange(-pad, box.width + pad) / (box.width - 1),
        np.clip(np.arange(-pad, box.height + pad) / (box.height - 1), 0, 1),
    )
    rays = {"tail": 34, "dorsal": 24, "anal": 16, "pectoral": 18, "pelvic": 16}[name]
    wobble = s + 0.008 * fbm(s * 6, t * 4, seed=60)
    ray = 0.5 + 0.5 * np.cos(2 * np.pi * rays * wobble)
    split = 0.5 + 0.5 * np.cos(4 * np.pi * rays * wobble)
    bone = np.where(t < 0.5, ray, 0.5 * (ray + split)) ** 3
    color = ramp(t + 0.35 * fbm(s * 4, t * 2.5, octaves=3, seed=70 + rays), [0, 0.22, 0.5, 0.8, 1.0],
                 [rgb(c) for c in ("#e24a22", "#f08a45", "#fbd3a4", "#fff3e0", "#f6d9c8")])  # fmt: skip
    streak = smoothstep(0.12, 0.3, fbm(s * 5, t * 1.4 + 4, octaves=3, seed=81 + rays)) * smoothstep(1.0, 0.5, t)
    color = color + (rgb("#2a2a36") - color) * (0.7 * streak)[..., None]
    color = (
        color * (0.80 + 0.20 * (1 - bone))[..., None]
        + (0.09 * (1 - bone))[..., None] * smoothstep(0.1, 0.5, t)[..., None]
    )
    return np.clip(color - (0.10 * smoothstep(0.97, 1.0, t))[..., None], 0, 1)


def _texture(body: Patch) -> Field:
    atlas = bake(body, paint, SIZE)
    for name, box in FINS.items():
        atlas[box.top - 6 : box.top + box.height + 6, box.left - 6 : box.left + box.width + 6] = _membrane(name, box)
    return atlas


SPINE = np.array([0.24, 0.08, -0.07, -0.21, -0.34, -0.47, -0.66])  # z of the joints from the shoulders back


def joints() -> list[Joint]:
    """Shoulders, head, six more down the spine, and the two pectoral fins; a wave runs back through them."""
    y, up = LIFT * LENGTH, (0.0, 1.0, 0.0)
    chain = [Joint("shoulders", (0.0, y, SPINE[0] * LENGTH), -1, up, 0.09, 0.0)]
    for k, z in enumerate(SPINE[1:], start=1):
        chain.append(Joint(f"spine {k}", (0.0, y, float(z) * LENGTH), k - 1, up, 0.06 + 0.055 * k, 0.75 * k + 2.6))
    chain.append(Joint("head", (0.0, y, 0.30 * LENGTH), 0, up, 0.08, 2.2))
    for name, side in (("left fin", 1.0), ("right fin", -1.0)):
        root = _point(np.array(0.245), np.array(-0.55)) * [side, 1, 1] * LENGTH
        chain.append(Joint(name, (float(root[0]), float(root[1]), float(root[2])), 0, (0.0, 0.0, side), 0.34, 1.2))
    return chain


def _weights(part: Patch, fin: int = -1) -> Field:
    """Weights (v, joints); `fin` names the joint that a paired fin follows away from its root."""
    chain = joints()
    weights = np.zeros((len(part.position), len(chain)))
    weights[:, : len(SPINE)] = chain_weights(part.position[:, 2], SPINE)
    head = smoothstep(0.24, 0.36, part.position[:, 2])[:, None]
    weights *= 1 - head
    weights[:, len(SPINE)] += head[:, 0]
    if fin >= 0:
        root = np.asarray(chain[fin].at) / LENGTH
        follow = smoothstep(0.01, 0.12, np.linalg.norm(part.position - root, axis=1))[:, None]
        weights *= 1 - follow
        weights[:, fin] += follow[:, 0]
    return weights


def make(path: Path) -> None:
    """Write the koi to `path`."""
    body = _body()
    fins = [
        (_tail(), -1), (_ridge_fin("dorsal", 0.33, 0.66, 1.0, (0.15, 0.075), 0.75), -1),
        (_ridge_fin("anal", 0.72, 0.84, -1.0, (0.13, 0.07), 0.9, 25), -1),
        *((_paired_fin("pectoral", 0.245, -0.55, 0.27, side), joint) for side, joint in ((1.0, 8), (-1.0, 9))),
        *((_paired_fin("pelvic", 0.50, -0.95, 0.17, side), -1) for side in (1.0, -1.0)),
    ]  # fmt: skip
    writer = Writer()
    texture = writer.texture("koi", encode(_texture(body), 93), "image/jpeg")
    skin_material = writer.material("scales", texture, 0.35)
    fin_material = writer.material("fins", texture, 0.5, doubleSided=True)
    primitives = []
    membranes = join([fin for fin, _ in fins], smooth=False)
    fin_weights = np.concatenate([_weights(fin, joint) for fin, joint in fins])
    for part, weights, material in ((body, _weights(body), skin_material), (membranes, fin_weights, fin_material)):
        joint, weight = strongest(weights)
        attributes = {
            "POSITION": part.position * LENGTH,
            "NORMAL": part.normal,
            "TEXCOORD_0": part.uv,
            "JOINTS_0": joint,
            "WEIGHTS_0": weight,
        }
        primitives.append(writer.primitive(attributes, part.faces, material))
    chain = joints()
    skin, nodes = add_skeleton(writer, chain)
    writer.root(
        writer.add("nodes", name="koi", mesh=writer.add("meshes", name="koi", primitives=primitives), skin=skin)
    )
    add_swing(writer, "swim", chain, nodes, period=1.6, keys=33, bob=0.008)
    writer.save(path)
