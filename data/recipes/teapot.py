"""`teapot.glb`: a turned pot with a painted vine; wooden handle and knob."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import ndimage

from recipes.gltf import Writer
from recipes.noise import Field, fbm, ramp, rgb, smoothstep
from recipes.surface import Box, Patch, curve, dilate, encode, join, patch, sweep
from recipes.washes import Sheet, blob, petal

SCALE = 0.085  # metres for one unit below: the pot is 16 cm tall
BODY = [(0.50, 0.02), (0.535, 0.0), (0.575, 0.0), (0.585, 0.05), (0.575, 0.09), (0.64, 0.13), (0.82, 0.26),
        (0.95, 0.45), (1.0, 0.68), (0.965, 0.92), (0.84, 1.13), (0.66, 1.275), (0.50, 1.345), (0.465, 1.385),
        (0.475, 1.43), (0.455, 1.445), (0.425, 1.43), (0.41, 1.37)]  # fmt: skip
LID = [
    (0.39, 1.44),
    (0.495, 1.445),
    (0.515, 1.465),
    (0.495, 1.49),
    (0.42, 1.545),
    (0.28, 1.605),
    (0.15, 1.64),
    (0.105, 1.66),
    (0.095, 1.685),
]
KNOB = [(0.085, 1.665), (0.092, 1.695), (0.15, 1.745), (0.172, 1.81), (0.145, 1.875), (0.075, 1.912), (0.0, 1.92)]
SPOUT = [
    (0.66, 0.46, 0),
    (0.90, 0.50, 0),
    (1.13, 0.62, 0),
    (1.27, 0.83, 0),
    (1.355, 1.07, 0),
    (1.49, 1.27, 0),
    (1.63, 1.38, 0),
]
HANDLE = [
    (-0.74, 1.15, 0),
    (-0.93, 1.27, 0),
    (-1.19, 1.335, 0),
    (-1.44, 1.23, 0),
    (-1.535, 0.98, 0),
    (-1.46, 0.70, 0),
    (-1.25, 0.50, 0),
    (-0.90, 0.37, 0),
]
SIZE, WOOD = 1024, 512
HALVES = [Box(10, 10, 640, 470, SIZE), Box(10, 500, 640, 470, SIZE)]
LIDS = [Box(672, 10, 342, 132, SIZE), Box(672, 162, 342, 132, SIZE)]
SPOUT_BOX, FOOT_BOX = Box(672, 314, 342, 330, SIZE), Box(672, 664, 342, 342, SIZE)
HANDLE_BOX, KNOB_BOX = Box(8, 8, 180, 496, WOOD), Box(204, 8, 300, 220, WOOD)
BLOSSOM, VINE = [("scarlet", 0.75), ("orange", 0.35)], [("ultramarine", 1.1), ("indigo", 0.35)]
LEAF = [[("ultramarine", 0.95)], [("viridian", 0.9), ("cobalt", 0.3)], [("cobalt", 1.0), ("ultramarine", 0.3)]]


def _revolve(profile: Field, start: float, end: float, around: int, box: Box) -> Patch:
    """Part of a surface of revolution, from `start` to `end` in turns; the profile runs upwards."""
    s = np.linspace(0, 1, around + 1)
    angle = 2 * np.pi * (start + (end - start) * s)
    r, y = profile[:, :1], profile[:, 1:]
    points = np.stack([r * np.cos(angle), np.broadcast_to(y, (len(y), len(s))), -r * np.sin(angle)], -1)
    ss, tt = np.meshgrid(s, np.linspace(1, 0, len(profile)))
    return patch(points, box.uv(ss, tt))


def _foot(radius: float, height: float) -> Patch:
    """The unglazed disc the pot stands on, facing down."""
    r, a = np.meshgrid(np.linspace(0, 1, 6), np.linspace(0, 2 * np.pi, 113), indexing="ij")
    points = np.stack([radius * r * np.cos(a), np.full_like(r, height), -radius * r * np.sin(a)], -1)
    return patch(points, FOOT_BOX.uv(0.5 + 0.5 * r * np.cos(a), 0.5 + 0.5 * r * np.sin(a)))


def _spout() -> Patch:
    path = curve(SPOUT, 38)
    t = np.linspace(0, 1, 38)
    bore = 0.085 + 0.20 * (1 - t) ** 1.7 + 0.022 * smoothstep(0.86, 1.0, t)
    outside = sweep(path, np.stack([bore * (1 + 0.25 * (1 - t)), bore], 1), 48)
    rows = np.array([37, 37, 36, 34, 31, 28])
    inner = np.array([0.93, 0.84, 0.78, 0.72, 0.66, 0.0])[:, None, None]
    inside = path[rows][:, None] + (outside[rows] - path[rows][:, None]) * inner
    tube = np.concatenate([outside, inside])
    tube[38:40] += (path[37] - path[36]) * 0.25  # a rounded lip
    s, v = np.meshgrid(np.linspace(0, 1, 49), np.r_[np.linspace(1, 0.12, 38), np.linspace(0.10, 0, 6)])
    return patch(tube, SPOUT_BOX.uv(s, v))


def _handle() -> Patch:
    path = curve(HANDLE, 54)
    t = np.linspace(-1, 1, 54)
    thick = 0.066 + 0.035 * t**6 + 0.006 * np.cos(3 * np.pi * t)
    tube = sweep(path, np.stack([thick, thick * 1.35], 1), 28)
    s, v = np.meshgrid(np.linspace(0, 1, 29), np.linspace(0, 1, 54))
    return patch(tube, HANDLE_BOX.uv(s, v))


def _flower(sheet: Sheet, x: float, y: float, radius: float, rng: np.random.Generator, seed: int) -> None:
    turn = rng.uniform(0, 6.3)
    for k in range(5):
        outline = petal((x, y), turn + k * 2 * np.pi / 5, radius, radius * 0.52, rng)
        sheet.wash(outline, BLOSSOM, seed=seed + 7 * k, wet=0.2, center=(x, y), rough=0.4, keep=0.9)
    sheet.wash(
        blob((x, y), (radius * 0.26, radius * 0.26), 0, rng),
        [("yellow", 1.2), ("orange", 0.5)],
        seed=seed + 50,
        wet=0.0,
        rough=0.3,
    )
    for a in np.linspace(0, 2 * np.pi, 7)[:-1]:
        at = (x + 0.36 * radius * np.cos(a), y + 0.36 * radius * np.sin(a))
        sheet.wash(blob(at, (0.0016, 0.0016), 0, rng), [("indigo", 1.5)], seed=seed + 60, wet=0.0, rough=0.1)


def _leafing(sheet: Sheet, x: float, y: float, turn: float, length: float, rng: np.random.Generator, seed: int) -> None:
    t = np.linspace(0, 1, 18)
    bend = turn + 0.5 * np.sin(seed) * t
    path = np.array([x, y]) + np.cumsum(np.stack([np.cos(bend), np.sin(bend)], 1), 0) * length / 18
    sheet.stroke(
        path, length * 0.20 * np.sin(np.pi * t**0.75) ** 0.85 + 0.0004, LEAF[int(rng.integers(3))], seed, wet=0.12
    )
    sheet.stroke(path[1:-2], np.full(15, 0.0008), VINE, seed + 1, wet=0.0)


def _line(
    sheet: Sheet, y: float, half: float, tint: list[tuple[str, float]], seed: int, wave: float = 0.0, cycles: int = 8
) -> None:
    """A painted line once round the pot, closed on itself."""
    t = np.linspace(-0.02, 1.02, 160)
    path = np.stack([t, y + wave * np.sin(2 * np.pi * cycles * t)], 1)
    sheet.stroke(path, half * (1 + 0.25 * np.sin(2 * np.pi * 5 * t)), tint, seed, wet=0.0)


def _body_art(tall: float) -> Field:
    """Light through the painting on the unrolled body: (n, n, 3), its width one turn, its top `tall` of it used."""
    sheet, rng = Sheet(1280, tooth=0.12), np.random.default_rng(3)
    middle, wave, cycles = 0.495 * tall, 0.155 * tall, 5
    for shift in (-1, 0, 1):
        rng = np.random.default_rng(3)
        for k in range(2 * cycles):
            x, side = (k + 0.5) / (2 * cycles), 1 if k % 2 else -1
            if -0.1 < x + shift < 1.1:
                _flower(
                    sheet, x + shift, middle + side * 0.35 * wave, 0.155 * tall * (1.0 if k % 2 else 0.84), rng, 300 * k
                )
    _line(sheet, middle, 0.0022, VINE, 5, wave=-wave, cycles=cycles)
    for shift in (-1, 0, 1):
        rng = np.random.default_rng(8)
        for k in range(60):
            x = k / 60
            slope = -wave * 2 * np.pi * cycles * np.cos(2 * np.pi * cycles * x)
            side, y = (1 if k % 2 else -1), middle - wave * np.sin(2 * np.pi * cycles * x)
            turn, length = np.arctan2(slope, 1) + side * rng.uniform(0.6, 1.1), tall * rng.uniform(0.10, 0.16)
            if -0.1 < x + shift < 1.1:
                _leafing(sheet, x + shift, y, turn, length, rng, 4000 + 31 * k)
    _bands(sheet, tall)
    return sheet.light()


def _bands(sheet: Sheet, tall: float) -> None:
    """Lines, a row of petals at the foot and dots at the neck."""
    rng = np.random.default_rng(4)
    for at, half, tint in (
        (0.155, 0.0035, LEAF[0]),
        (0.225, 0.0016, LEAF[0]),
        (0.775, 0.0016, LEAF[0]),
        (0.88, 0.004, LEAF[0]),
        (0.05, 0.007, BLOSSOM),
    ):
        _line(sheet, at * tall, half, tint, int(1000 * at))
    for k in range(48):
        x = (k + 0.5) / 48
        sheet.wash(
            petal((x, 0.865 * tall), -np.pi / 2, 0.082 * tall, 0.0082, rng),
            LEAF[2 if k % 2 else 0],
            seed=k,
            wet=0.1,
            rough=0.2,
        )
        sheet.wash(blob((x, 0.19 * tall), (0.0034, 0.0042), 0, rng), BLOSSOM, seed=k, wet=0.0, rough=0.2)


def _lid_art(tall: float) -> Field:
    sheet, rng = Sheet(768, tooth=0.12), np.random.default_rng(6)
    for k in range(12):
        x = (k + 0.5) / 12
        sheet.wash(
            petal((x, 0.78 * tall), -np.pi / 2, 0.50 * tall, 0.030, rng),
            LEAF[k % 2 * 2],
            seed=40 * k,
            wet=0.2,
            rough=0.6,
            center=(x, 0.78 * tall),
        )
        sheet.wash(blob((x + 1 / 24, 0.66 * tall), (0.0105, 0.0105), 0, rng), BLOSSOM, seed=k, wet=0.1, rough=0.3)
    for at, half, tint in ((0.80, 0.003, LEAF[0]), (0.14, 0.006, LEAF[0]), (0.93, 0.012, BLOSSOM)):
        _line(sheet, at * tall, half, tint, int(500 * at))
    return sheet.light()


def _spout_art() -> Field:
    sheet, rng = Sheet(512, tooth=0.12), np.random.default_rng(9)
    for k in range(8):
        x = (k + 0.5) / 8
        sheet.wash(
            petal((x, 0.93), -np.pi / 2, 0.40 if k % 2 else 0.55, 0.052, rng),
            LEAF[k % 2 * 2],
            seed=60 * k,
            wet=0.2,
            rough=0.8,
            center=(x, 0.9),
        )
    for at, half, tint in ((0.135, 0.020, BLOSSOM), (0.20, 0.008, LEAF[0]), (0.24, 0.005, LEAF[0])):
        _line(sheet, at, half, tint, int(700 * at))
    light = sheet.light()
    light[: int(0.10 * 512)] *= np.linspace(0.12, 0.8, int(0.10 * 512))[:, None, None]  # inside the spout it is dark
    return light


def _glaze(s: Field, t: Field, seed: int) -> Field:
    """Warm white glaze: throwing lines, iron specks, celadon where it pools."""
    x, z = 2 * np.cos(2 * np.pi * s), 2 * np.sin(2 * np.pi * s)
    pool = np.clip(0.35 * fbm(x, 3 * t, z, seed=seed) + smoothstep(0.75, 1.0, t) * 0.8, 0, 1)
    color = rgb("#fbf3e2") + (rgb("#cfe0cf") - rgb("#fbf3e2")) * pool[..., None]
    specks = smoothstep(0.42, 0.5, fbm(40 * x, 120 * t, 40 * z, octaves=2, seed=seed + 1))
    rings = 1 + 0.012 * np.sin(150 * t + 3 * fbm(x, 4 * t, z, seed=seed + 2))
    return (color + (rgb("#9a6a3c") - color) * (0.5 * specks)[..., None]) * rings[..., None]


def _fill(atlas: Field, known: Field, box: Box, art: Field, tall: float, span: tuple[float, float], seed: int) -> None:
    """Paint `box` and six pixels around it with glaze times `art`; `span` is the part of a turn it shows."""
    pad = 6
    column = (np.arange(-pad, box.width + pad) / (box.width - 1)) * (span[1] - span[0]) + span[0]
    row = np.arange(-pad, box.height + pad) / (box.height - 1)
    s, t = np.meshgrid(column, np.clip(row, 0, 1))
    at = [t * tall * len(art) - 0.5, (s % 1) * len(art) - 0.5]
    blur = max(1.0, len(art) * (span[1] - span[0]) / box.width)
    light = np.stack(
        [
            ndimage.map_coordinates(ndimage.gaussian_filter(art[..., c], 0.35 * blur), at, order=1, mode="grid-wrap")
            for c in range(3)
        ],
        -1,
    )
    window = (slice(box.top - pad, box.top + box.height + pad), slice(box.left - pad, box.left + box.width + pad))
    atlas[window], known[window] = _glaze(s, t, seed) * light, True


def _ceramic(tall: float, lid_tall: float) -> Field:
    atlas, known = np.zeros((SIZE, SIZE, 3)), np.zeros((SIZE, SIZE), bool)
    body, lid, spout = _body_art(tall), _lid_art(lid_tall), _spout_art()
    for half in (0, 1):
        span = (0.5 * half, 0.5 * half + 0.5)
        _fill(atlas, known, HALVES[half], body, tall, span, 20)
        _fill(atlas, known, LIDS[half], lid, lid_tall, span, 30)
    _fill(atlas, known, SPOUT_BOX, spout, 1.0, (0.0, 1.0), 40)
    _fill(atlas, known, FOOT_BOX, np.ones((8, 8, 3)) * rgb("#d9b48a"), 1.0, (0.0, 1.0), 50)
    return dilate(atlas, known)


def _walnut() -> Field:
    """Turned wood: grain along the handle, dark rings where it meets the pot."""
    y, x = np.mgrid[:WOOD, :WOOD] / WOOD
    turn = x / (HANDLE_BOX.width / WOOD) * 2 * np.pi
    rings = np.sin(26 * fbm(np.cos(turn), 0.9 * y, np.sin(turn), octaves=3, seed=60) + 6 * np.cos(turn))
    fibre = fbm(4 * np.cos(turn), 3 * y, 4 * np.sin(turn), octaves=5, seed=61) + 0.6 * fbm(x * 160, y * 9, seed=62)
    color = ramp(
        0.5 + 0.3 * rings + 0.45 * fibre,
        [0, 0.4, 0.75, 1],
        [rgb(c) for c in ("#4a2613", "#7b431f", "#b06a33", "#d79a58")],
    )
    for at in (0.035, 0.065, 0.935, 0.965):
        color *= (1 - 0.6 * np.exp(-(((y - at) / 0.006) ** 2)) * (x < 0.385))[..., None]
    return color


def make(path: Path) -> None:
    """Write the teapot to `path`."""
    body, lid, knob = curve(BODY, 44), curve(LID, 18), curve(KNOB, 18)
    tall, lid_tall = 0.36, 0.26  # of a turn: about the length of the profile over the widest circumference
    pot = [_revolve(body, 0.5 * h, 0.5 * h + 0.5, 56, HALVES[h]) for h in (0, 1)]
    cover = join([_revolve(lid, 0.5 * h, 0.5 * h + 0.5, 48, LIDS[h]) for h in (0, 1)])
    parts = [
        ("body", join([*pot, _foot(*BODY[0])]), 0), ("spout", _spout(), 0), ("handle", join([_handle()]), 1),
        ("lid", cover, 0), ("knob", _revolve(knob, 0, 1, 48, KNOB_BOX), 1),
    ]  # fmt: skip
    writer = Writer()
    materials = [
        writer.material(
            "glazed stoneware", writer.texture("glaze", encode(_ceramic(tall, lid_tall), 93), "image/jpeg"), 0.25
        ),
        writer.material("walnut", writer.texture("wood", encode(_walnut(), 92), "image/jpeg"), 0.55),
    ]
    nodes = {}
    for name, part, material in parts:
        smooth = join([part])
        mesh = writer.add(
            "meshes", name=name, primitives=[writer.primitive(smooth.attributes(), smooth.faces, materials[material])]
        )
        nodes[name] = writer.add("nodes", name=name, mesh=mesh)
    writer.document["nodes"][nodes["lid"]]["children"] = [nodes["knob"]]
    children = [nodes[n] for n in ("body", "spout", "handle", "lid")]
    writer.root(writer.add("nodes", name="teapot", children=children, scale=[SCALE] * 3))
    writer.save(path)
