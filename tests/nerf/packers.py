"""Writers of the formats that are only read, after their specifications; for tests."""

from __future__ import annotations

import struct

import numpy as np

from style3d.nerf.formats.values import smallest_three
from style3d.nerf.harmonics import C0
from style3d.nerf.splats import Splats


def shares(values: np.ndarray, low: np.ndarray, high: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Whole steps of the way from low to high."""
    return np.rint((values - low) / np.maximum(high - low, 1e-12) * steps).astype(np.int64)


def colors(splats: Splats) -> np.ndarray:
    """The constant colour, not clipped."""
    return splats.sh[:, 0] * C0 + 0.5


def compressed_ply(splats: Splats, chunk_colors: bool = True) -> bytes:
    """PlayCanvas compressed PLY."""
    starts = np.arange(0, splats.count, 256)
    own = np.arange(splats.count) // 256
    head, columns, packed = [], [], []
    bits = np.array([11, 10, 11])
    for names, values in (("xyz", splats.positions), ("scale", splats.log_scales)):
        low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
        names = [f"scale_{axis}" for axis in "xyz"] if names == "scale" else list(names)
        head += [f"{end}_{name}" for end in ("min", "max") for name in names]
        columns += [low, high]
        step = shares(values, low[own], high[own], 2**bits - 1)
        packed.append(step[:, 0] << 21 | step[:, 1] << 11 | step[:, 2])
    rgb, low, high = colors(splats), np.zeros((len(starts), 3)), np.ones((len(starts), 3))
    if chunk_colors:
        low, high = np.minimum.reduceat(rgb, starts), np.maximum.reduceat(rgb, starts)
        head += [f"{end}_{name}" for end in ("min", "max") for name in "rgb"]
        columns += [low, high]
    rgb = shares(rgb, low[own], high[own], np.full(3, 255)).clip(0, 255)
    opacity = np.rint(splats.opacities * 255).astype(np.int64)
    three, largest = smallest_three(splats.unit_rotations)
    turn = np.rint((three / np.sqrt(2) + 0.5) * 1023).astype(np.int64)
    rotation = largest << 30 | turn[:, 0] << 20 | turn[:, 1] << 10 | turn[:, 2]
    color = rgb[:, 0] << 24 | rgb[:, 1] << 16 | rgb[:, 2] << 8 | opacity
    lines = ["ply", "format binary_little_endian 1.0", f"element chunk {len(starts)}"]
    lines += [f"property float {name}" for name in head] + [f"element vertex {splats.count}"]
    lines += [f"property uint packed_{name}" for name in ("position", "rotation", "scale", "color")]
    body = np.hstack(columns).astype("<f4").tobytes()
    body += np.stack([packed[0], rotation, packed[1], color], axis=1).astype("<u4").tobytes()
    if splats.degree:
        rest = splats.sh[:, 1:].transpose(0, 2, 1).reshape(splats.count, -1)
        lines += [f"element sh {splats.count}", *(f"property uchar f_rest_{i}" for i in range(rest.shape[1]))]
        body += np.floor((rest / 8 + 0.5) * 256).clip(0, 255).astype(np.uint8).tobytes()
    return "\n".join([*lines, "end_header", ""]).encode() + body


def ksplat(sections: list[Splats], level: int, bucket: int = 8) -> bytes:
    """GaussianSplats3D file: each cloud a section, in buckets of successive splats, the last of them not full."""
    low, high = (min(part.sh[:, 1:].min(initial=-1) for part in sections), 1.25)
    total = sum(part.count for part in sections)
    head = struct.pack("<BB2xIIIIH2x3fff", 0, 1, len(sections), len(sections), total, total, level, 0, 0, 0, low, high)
    heads, bodies = b"", b""
    for part in sections:
        full, left = (part.count // bucket, part.count % bucket) if level else (0, 0)
        own = np.arange(part.count) // bucket
        starts = np.arange(0, part.count, bucket)
        centres = (np.minimum.reduceat(part.positions, starts) + np.maximum.reduceat(part.positions, starts)) / 2
        block = float(np.abs(part.positions - centres[own]).max() * 2.01)
        real = "<f2" if level else "<f4"
        places = np.rint((part.positions - centres[own]) / (block / 2) * 32767) + 32767 if level else part.positions
        bands = [part.sh[:, b**2 : (b + 1) ** 2].transpose(0, 2, 1).reshape(part.count, -1) for b in range(1, 4)]
        higher = np.hstack(bands)
        higher = np.rint((higher - low) / (high - low) * 255).clip(0, 255) if level == 2 else higher
        rgba = np.rint(np.hstack([part.base_colors, part.opacities[:, None]]) * 255)
        columns = [(places, "<u2" if level else "<f4"), (part.scales, real), (part.unit_rotations, real)]
        columns += [(rgba, "u1"), (higher, "u1" if level == 2 else real)]
        rows = [np.ascontiguousarray(c.astype(k)).view(np.uint8).reshape(part.count, -1) for c, k in columns]
        table = struct.pack(f"<{int(left > 0)}I", *([left] if left else [])) + centres.astype("<f4").tobytes()
        values = (bucket, len(starts), block, 12) if level else (0, 0, 0.0, 0)
        section = struct.pack("<IIIIfH2xI4xIIH", part.count, part.count, *values, 32767, full, left > 0, part.degree)
        heads += section.ljust(1024, b"\0")
        bodies += (table if level else b"") + np.hstack(rows).tobytes()
    return head.ljust(4096, b"\0") + heads + bodies
