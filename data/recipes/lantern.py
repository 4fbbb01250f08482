"""`lantern.obj`: a hexagonal paper lantern with four materials, as OBJ, MTL and JPEG textures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from recipes.noise import Field, fbm, ramp, rgb, smoothstep
from recipes.surface import curve
from recipes.washes import Sheet, blob, petal

SCALE = 0.20  # metres for one unit below: 36 cm tall with its ring


@dataclass
class Obj:
    """Polygons grouped by material; places, texture coordinates and normals that agree are written once."""

    lines: list[str] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: {"v": 0, "vt": 0, "vn": 0})

    def _index(self, tag: str, row: Field) -> int:
        line = f"{tag} " + " ".join(f"{c + 0.0:.5f}" for c in np.round(row, 5) + 0.0)
        if line not in self.seen:
            self.counts[tag] += 1
            self.seen[line] = self.counts[tag]
            self.lines.append(line)
        return self.seen[line]

    def polygon(self, points: Field, uv: Field, normals: Field | None = None) -> None:
        """One face of n corners; without normals it is flat."""
        if normals is None:
            flat = np.cross(points[1] - points[0], points[2] - points[0])
            normals = np.tile(flat / np.linalg.norm(flat), (len(points), 1))
        corners = [
            f"{self._index('v', p * SCALE)}/{self._index('vt', t)}/{self._index('vn', n)}"
            for p, t, n in zip(points, uv, normals, strict=True)
        ]
        self.lines.append("f " + " ".join(corners))

    def group(self, name: str, material: str) -> None:
        self.lines += [f"o {name}", f"usemtl {material}"]


def _corner(k: float, radius: float, y: float) -> Field:
    """Point on a hexagon's corner direction; k counts corners."""
    a = np.pi / 3 * k
    return np.array([radius * np.cos(a), y, -radius * np.sin(a)])


def _unit_square(box: tuple[float, float, float, float]) -> Field:
    left, bottom, right, top = box
    return np.array([(left, bottom), (right, bottom), (right, top), (left, top)])


def _prism(
    obj: Obj, radius: tuple[float, float], y: tuple[float, float], uv: tuple[float, float, float, float]
) -> None:
    """A hexagonal slab: six sides, top and bottom as hexagons; the sides share a strip of the texture."""
    for k in range(6):
        p = np.array(
            [
                _corner(k, radius[0], y[0]),
                _corner(k + 1, radius[0], y[0]),
                _corner(k + 1, radius[1], y[1]),
                _corner(k, radius[1], y[1]),
            ]
        )
        left, width = uv[0] + (uv[2] - uv[0]) * k / 6, (uv[2] - uv[0]) / 6
        obj.polygon(p, _unit_square((left, uv[1], left + width, uv[3])))
    for r, h, turn, row in ((radius[1], y[1], 1, 0.56), (radius[0], y[0], -1, 0.06)):
        ring = np.array([_corner(turn * k, r, h) for k in range(6)])
        disc = 0.19 * ring[:, [0, 2]] / r + [0.79, row + 0.19]
        obj.polygon(ring, disc)


def _post(obj: Obj, k: int) -> None:
    """One corner post, turned to face outwards."""
    out, side = _corner(k, 1, 0.0), _corner(k + 1.5, 1, 0.0)
    foot = _corner(k, 0.50, 0.16)
    ring = [foot + 0.035 * (a * out + b * side) for a, b in ((1, -1), (1, 1), (-1, 1), (-1, -1))]
    lift = np.array([0, 0.86, 0])
    for j in range(4):
        p, q = ring[j], ring[(j + 1) % 4]
        left = 0.02 + 0.023 * (4 * k + j)
        obj.polygon(np.array([p, q, q + lift, p + lift]), _unit_square((left, 0.02, left + 0.021, 0.48)))


def _panels(obj: Obj) -> None:
    """Six sheets of paper that belly outwards, each with its own part of the painting."""
    rows, columns = 9, 7
    for k in range(6):
        a, b = _corner(k, 0.485, 0.17), _corner(k + 1, 0.485, 0.17)
        out = _corner(k + 0.5, 1.0, 0.0)
        u, v = np.meshgrid(np.linspace(0.03, 0.97, columns), np.linspace(0, 1, rows))
        bulge = 0.045 * np.sin(np.pi * u) * np.sin(np.pi * v) ** 0.8
        grid = a + (b - a) * u[..., None] + np.array([0, 0.84, 0]) * v[..., None] + out * bulge[..., None]
        du, dv = np.gradient(grid, axis=1), np.gradient(grid, axis=0)
        normal = np.cross(du, dv)
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
        inset = 4 / 1024
        cell = (
            np.stack([(k % 3 + 0.5 + (u - 0.5) * 0.98) / 3, (k // 3 + 0.5 + (v - 0.5) * 0.98) / 2], -1)
            * (1 - 2 * inset)
            + inset
        )
        for i in range(rows - 1):
            for j in range(columns - 1):
                pick = ([i, i, i + 1, i + 1], [j, j + 1, j + 1, j])
                obj.polygon(grid[pick], cell[pick], normal[pick])


def _roof(obj: Obj) -> None:
    """A hipped roof whose eaves sweep up at the corners; its underside is closed."""
    rows, columns = 10, 9
    t = np.linspace(0, 1, rows)
    for k in range(6):
        u = np.linspace(0, 1, columns)
        grid = np.zeros((rows, columns, 3))
        for i, step in enumerate(t):
            radius, height = 0.82 * (1 - step) ** 1.0 + 0.07, 1.04 + 0.44 * step**1.7
            a, b = _corner(k, radius, height), _corner(k + 1, radius, height)
            grid[i] = a + (b - a) * u[:, None]
            grid[i, :, 1] += 0.13 * (1 - step) ** 2 * np.abs(2 * u - 1) ** 3
        du, dv = np.gradient(grid, axis=1), np.gradient(grid, axis=0)
        normal = np.cross(du, dv)
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
        uv = np.stack(np.meshgrid((k + u) / 6, t), -1)
        for i in range(rows - 1):
            for j in range(columns - 1):
                pick = ([i, i, i + 1, i + 1], [j, j + 1, j + 1, j])
                obj.polygon(grid[pick], uv[pick], normal[pick])
        middle = np.array([0.0, 1.03, 0.0])
        for j in range(columns - 1):
            obj.polygon(np.array([grid[0, j + 1], grid[0, j], middle]), np.array([uv[0, j + 1], uv[0, j], (0.5, 0.0)]))


def _add_ornament(obj: Obj, profile: list[tuple[float, float]], around: int = 24, rows: int = 14) -> None:
    """A small turned ornament; the profile runs upwards."""
    p = curve(profile, rows)
    angle = np.linspace(0, 2 * np.pi, around + 1)
    slope = np.gradient(p, axis=0)
    for i in range(rows - 1):
        for j in range(around):
            pick = [(i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j)]
            points = np.array([(p[r, 0] * np.cos(angle[c]), p[r, 1], -p[r, 0] * np.sin(angle[c])) for r, c in pick])
            normal = np.array(
                [(slope[r, 1] * np.cos(angle[c]), -slope[r, 0], -slope[r, 1] * np.sin(angle[c])) for r, c in pick]
            )
            normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12
            keep = slice(0, 3) if p[i + 1, 0] < 1e-9 else slice(0, 4)
            uv = np.array([(c / around, r / (rows - 1)) for r, c in pick])
            obj.polygon(points[keep], uv[keep], normal[keep])


def _ring(obj: Obj, center: float, radius: float, thick: float, around: int = 32, section: int = 10) -> None:
    """A ring to hang it by, upright in the xy plane."""
    a, b = np.linspace(0, 2 * np.pi, around + 1), np.linspace(0, 2 * np.pi, section + 1)
    for i in range(around):
        for j in range(section):
            pick = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
            normal = np.array(
                [(np.cos(b[s]) * np.cos(a[r]), np.cos(b[s]) * np.sin(a[r]), np.sin(b[s])) for r, s in pick]
            )
            spine = np.array([(radius * np.cos(a[r]), center + radius * np.sin(a[r]), 0.0) for r, _ in pick])
            uv = np.array([(r / around, s / section) for r, s in pick])
            obj.polygon(spine + thick * normal, uv, normal)


def _paper() -> Field:
    """Six panels of one painting on glowing paper: a branch in blossom, the moon, reeds."""
    sheet, rng = Sheet(1024, tooth=0.35), np.random.default_rng(12)
    for panel in range(6):
        left, top = (panel % 3) / 3, 0.5 if panel < 3 else 0.0  # texture rows count from the bottom in OBJ
        bend = rng.uniform(-0.05, 0.05)
        t = np.linspace(0, 1, 30)
        branch = np.stack([left + 0.03 + 0.26 * t, top + 0.45 - 0.30 * t**0.8 + bend * np.sin(3 * t)], 1)
        sheet.stroke(branch, 0.007 * (1 - 0.8 * t), [("sepia", 1.2), ("indigo", 0.4)], 20 * panel, wet=0.1)
        for k in range(7):
            at = branch[4 + 3 * k + int(rng.integers(3))] + rng.normal(0, 0.022, 2)
            at = np.clip(at, [left + 0.045, top + 0.05], [left + 0.285, top + 0.45])
            size = rng.uniform(0.020, 0.032)
            for turn in np.linspace(0, 2 * np.pi, 6)[:-1] + rng.uniform(0, 6):
                sheet.wash(
                    petal(at, turn, size, size * 0.62, rng),
                    [("rose", 0.7), ("scarlet", 0.15)],
                    seed=100 * panel + 9 * k,
                    wet=0.2,
                    rough=0.4,
                )
            sheet.wash(blob(at, (0.006, 0.006), 0, rng), [("yellow", 1.0), ("orange", 0.6)], seed=k, wet=0.0, rough=0.2)
        if panel % 3 == 1:
            sheet.wash(
                blob((left + 0.10, top + 0.12), (0.05, 0.05), 0, rng, 0.02),
                [("scarlet", 0.75)],
                seed=5,
                wet=0.1,
                rough=0.3,
            )
        for _ in range(9):
            foot = np.array([left + rng.uniform(0.03, 0.30), top + 0.485])
            reed = foot + np.stack([rng.normal(0, 0.04) * t**2, -rng.uniform(0.06, 0.16) * t], 1)
            sheet.stroke(
                reed, 0.0035 * (1 - t) + 0.0004, [("viridian", 0.8), ("sap", 0.5)], int(rng.integers(999)), wet=0.1
            )
    y, x = np.mgrid[:1024, :1024] / 1024
    glow = np.exp(-((((x * 3) % 1 - 0.5) / 0.55) ** 2) - (((y * 2) % 1 - 0.55) / 0.5) ** 2)
    fibre = smoothstep(0.25, 0.5, fbm(x * 60 + 6 * fbm(x * 9, y * 9, seed=3), y * 60, octaves=2, seed=2))
    paper = ramp(
        glow + 0.1 * fbm(x * 8, y * 8, seed=4), [0, 0.5, 1], [rgb(c) for c in ("#e9b061", "#fbdc98", "#fff4d2")]
    )
    return np.clip(paper * (1 - 0.05 * fibre[..., None]) * sheet.light(), 0, 1)


def _wood() -> Field:
    """Dark cherry: the left for slabs and posts, discs of end grain on the right."""
    y, x = np.mgrid[:512, :512] / 512
    grain = fbm(x * 30, y * 2.2, octaves=5, seed=11) + 0.5 * np.sin(18 * x + 9 * fbm(x * 2.5, y, octaves=2, seed=12))
    rings = np.full_like(x, 0.0)
    for row in (0.25, 0.75):
        r = np.hypot(x - 0.79, y - row) + 0.01 * fbm(x * 6, y * 6, seed=14)
        rings = np.where(
            np.hypot(x - 0.79, y - row) < 0.22, np.sin(r * 260) * 0.5 + fbm(x * 20, y * 20, seed=15), rings
        )
    value = np.where(x > 0.57, rings, grain)
    return ramp(0.5 + 0.42 * value, [0, 0.4, 0.75, 1], [rgb(c) for c in ("#35150d", "#5f2917", "#8f4527", "#bd7040")])


MTL = """# four materials: two textured, two of one colour
newmtl wood
Kd 1 1 1
Ks 0.1 0.1 0.1
Ns 40
map_Kd lantern-wood.jpg

newmtl paper
Kd 1 1 1
Ks 0 0 0
map_Kd lantern-paper.jpg

newmtl lacquer
Kd 0.06 0.27 0.29
Ks 0.5 0.5 0.5
Ns 120

newmtl brass
Kd 0.80 0.56 0.20
Ks 0.9 0.8 0.5
Ns 90
"""


def make(path: Path) -> None:
    """Write `path` (OBJ) and, beside it, the MTL and two JPEG textures."""
    obj = Obj(["# a paper lantern, made by the project's own script (CC0)", "mtllib lantern.mtl"])
    obj.group("base", "wood")
    _prism(obj, (0.66, 0.62), (0.0, 0.07), (0.02, 0.52, 0.55, 0.60))
    _prism(obj, (0.57, 0.55), (0.07, 0.17), (0.02, 0.62, 0.55, 0.74))
    obj.group("posts", "wood")
    for k in range(6):
        _post(obj, k)
    obj.group("lintel", "wood")
    _prism(obj, (0.55, 0.58), (1.0, 1.06), (0.02, 0.78, 0.55, 0.88))
    obj.group("panels", "paper")
    _panels(obj)
    obj.group("roof", "lacquer")
    _roof(obj)
    obj.group("finial", "brass")
    _add_ornament(
        obj,
        [
            (0.10, 1.45),
            (0.11, 1.48),
            (0.06, 1.51),
            (0.07, 1.54),
            (0.085, 1.58),
            (0.05, 1.62),
            (0.02, 1.635),
            (0.0, 1.64),
        ],
    )
    obj.group("ring", "brass")
    _ring(obj, 1.72, 0.09, 0.016)
    path.write_text("\n".join(obj.lines) + "\n")
    path.with_suffix(".mtl").write_text(MTL)
    for name, picture in (("wood", _wood()), ("paper", _paper())):
        image = Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))
        image.save(path.with_name(f"lantern-{name}.jpg"), quality=92, subsampling=0)
