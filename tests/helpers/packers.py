"""Writers of the formats that are only read, after their specifications; for tests."""

from __future__ import annotations

import io
import json
import struct
import zipfile

import numpy as np
from PIL import Image

from style3d.nerf.splats.formats.values import smallest_three
from style3d.nerf.splats.harmonics import C0
from style3d.nerf.splats.splats import Splats


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


def webp(pixels: np.ndarray, width: int) -> bytes:
    """Rows of four bytes as a lossless picture, with a last row that is not full."""
    pixels = pixels if pixels.shape[1] == 4 else np.pad(pixels, ((0, 0), (0, 4 - pixels.shape[1])), constant_values=255)
    pixels = np.pad(pixels, ((0, -len(pixels) % width), (0, 0))).astype(np.uint8).reshape(-1, width, 4)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="WEBP", lossless=True, exact=True)
    return stream.getvalue()


def sog(splats: Splats, version: int = 2) -> dict[str, bytes]:
    """The files of a SOG scene by name. Each splat has its own set of harmonics."""
    n, width = splats.count, 16
    place = np.sign(splats.positions) * np.log1p(np.abs(splats.positions))
    low, high = place.min(axis=0), place.max(axis=0)
    step = np.rint((place - low) / (high - low) * 65535).astype(np.int64)
    three, largest = smallest_three(splats.unit_rotations)
    turn = np.hstack([np.rint((three * np.sqrt(2) + 1) * 127.5), 252 + largest[:, None]])
    files = {"means_l.webp": webp(step & 255, width), "means_u.webp": webp(step >> 8, width)}
    files["quats.webp"] = webp(turn, width)
    meta = {"means": {"mins": low.tolist(), "maxs": high.tolist(), "files": ["means_l.webp", "means_u.webp"]}}
    meta |= {"version": 2, "count": n} if version == 2 else {}
    meta["means"]["shape"] = [n, 3]
    meta["quats"] = {"files": ["quats.webp"]}

    def table(values: np.ndarray) -> tuple[dict[str, object], np.ndarray]:
        """256 numbers, or the extremes of each column; and bytes."""
        if version == 2:
            book = np.quantile(values, np.linspace(0, 1, 256)) if values.size else np.zeros(256)
            return {"codebook": book.tolist()}, np.abs(values[..., None] - book).argmin(axis=-1)
        ends = (values.min(axis=0), values.max(axis=0)) if values.ndim == 2 else (values.min(), values.max())
        return dict(zip(("mins", "maxs"), (end.tolist() for end in ends), strict=True)), np.rint(
            (values - ends[0]) / (ends[1] - ends[0]) * 255
        )

    facts, bytes_ = table(splats.log_scales)
    meta["scales"], files["scales.webp"] = facts | {"files": ["scales.webp"]}, webp(bytes_, width)
    if version == 2:
        facts, bytes_ = table(splats.sh[:, 0])
        bytes_ = np.hstack([bytes_, np.rint(splats.opacities[:, None] * 255)])
    else:
        facts, bytes_ = table(np.hstack([splats.sh[:, 0], splats.logit_opacities[:, None]]))
    meta["sh0"], files["sh0.webp"] = facts | {"files": ["sh0.webp"]}, webp(bytes_, width)
    if splats.degree:
        facts, bytes_ = table(splats.sh[:, 1:].reshape(n, -1, 1, 3) if version == 2 else splats.sh[:, 1:, None])
        files["shN_centroids.webp"] = webp(bytes_.reshape(-1, 3), 64 * (splats.sh.shape[1] - 1))
        files["shN_labels.webp"] = webp(np.stack([np.arange(n) & 255, np.arange(n) >> 8], axis=1), width)
        meta["shN"] = facts | {"files": ["shN_centroids.webp", "shN_labels.webp"], "count": n, "bands": splats.degree}
    return {"meta.json": json.dumps(meta).encode(), **files}


def archive_of(*names: str) -> bytes:
    """An archive with entries of these names."""
    return zip_files(dict.fromkeys(names, b"x"))


def zip_files(files: dict[str, bytes], root: str = "") -> bytes:
    """An archive of files, not compressed, as SOG scenes are."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(root + name), content)
    return stream.getvalue()
