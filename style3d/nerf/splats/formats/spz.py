"""SPZ files (Niantic) store a few bytes for each attribute, packed by gzip (versions 2, 3) or Zstandard (4)."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import zstandard

from style3d.errors import Style3DError
from style3d.files import MAX_BYTES
from style3d.nerf.splats.formats.axes import to_ply_axes
from style3d.nerf.splats.formats.capacity import Holds
from style3d.nerf.splats.formats.row import SplatFormat
from style3d.nerf.splats.formats.spz_records import ORBIT_TABLES, origin_of, record_bytes
from style3d.nerf.splats.formats.values import check_count, logit, smallest_three, with_largest
from style3d.nerf.splats.splats import COEFFICIENTS, Splats

Array = np.ndarray[Any, Any]
MAGIC, GZIP = b"NGSP", b"\x1f\x8b"
COLOR_SCALE = 0.15  # of the constant term, so that colours a little out of gamut survive
ANTIALIASED, HAS_RECORDS = 1, 2  # flags
MOST_EXPANSION, SMALL = 100, 16 << 20  # no real file grows so much; below so many bytes nobody counts
LONGEST_RECORDS = 1 << 16  # bytes
FINEST = 24  # fractional bits of a position
LARGEST = 511  # of a rotation's nine-bit magnitudes, which stand for up to √½


@dataclass(frozen=True)
class Header:
    """What comes before the attributes. Concretely: version 3, 152,746 splats, degree 0, 12 fractional bits."""

    version: int
    count: int
    degree: int
    fraction: int
    flags: int
    streams: int  # version 4 only, like the next
    contents: int  # byte at which the table of streams starts

    def sizes(self) -> list[int]:
        """Bytes of positions, opacities, colours, scales, rotations and harmonics."""
        higher = COEFFICIENTS[self.degree] - 1
        return [self.count * width for width in (9, 1, 3, 3, 3 if self.version == 2 else 4, 3 * higher)]


def from_spz(content: bytes, name: str) -> Splats:
    """Splats in the axes of PLY files. Errors: `splats_and_axes`."""
    splats, system = splats_and_axes(content, name)
    return splats.rotate(to_ply_axes(system))


def splats_and_axes(content: bytes, name: str) -> tuple[Splats, str]:
    """Splats of any version from 2 to 4, and the axes that they are in.

    Raises:
        Style3DError: damaged, truncated, another version, or larger than its file could hold.
    """
    header, parts, records = _parts_of_file(content, name)
    origin, system = origin_of(records, name)
    splats = _unpack(header, [np.frombuffer(part, np.uint8) for part in parts])
    return replace(splats, origin=origin), system


def records_of(content: bytes, name: str) -> bytes:
    """What a file holds beside its splats, as it stands. Errors: `splats_and_axes`."""
    return _parts_of_file(content, name)[2]


def _parts_of_file(content: bytes, name: str) -> tuple[Header, list[bytes], bytes]:
    """The header, the bytes of each attribute, and the records behind or between them."""
    if content.startswith(GZIP):
        content, packed = _inflate(content, name), len(content)
        header = _header(content, name, packed)
    else:
        header = _header(content, name, len(content))
    if header.version == 4:
        parts, records = _streams(content, header, name), content[32 : header.contents]
    else:
        edges = np.cumsum([16, *header.sizes()])
        if edges[-1] > len(content):
            raise _damage_error(name)
        parts = [content[start:end] for start, end in pairwise(edges)]
        records = content[edges[-1] :]
    return header, parts, records if header.flags & HAS_RECORDS else b""


def to_spz(splats: Splats) -> bytes:
    """SPZ version 3, which every maintained reader takes and which needs no further library. Errors: `pack`."""
    return pack(splats.rotate(to_ply_axes("RUB").T), record_bytes(splats.origin))


def pack(splats: Splats, records: bytes) -> bytes:
    """SPZ version 3 of splats that are in its axes, with records behind them.

    Positions get as many fractional bits as the furthest splat leaves; harmonics all 8 bits.

    Raises:
        Style3DError: splats further from the origin than 24 bits reach.
    """
    furthest = float(np.abs(splats.positions).max(initial=1e-9))
    fraction = min(int(np.floor(np.log2((2**23 - 1) / furthest))), FINEST)
    if fraction < 0:
        raise Style3DError("SPZ holds splats up to 8,388,607 units from the origin", got=f"{furthest:.3g}")
    fixed = np.rint(splats.positions * 2.0**fraction).astype("<i4")
    three, largest = smallest_three(splats.unit_rotations[:, [1, 2, 3, 0]])
    magnitude = np.rint(np.abs(three) * (LARGEST * np.sqrt(2))).astype(np.uint32)
    field = magnitude.clip(0, LARGEST) | (three < 0).astype(np.uint32) << 9
    rotations = largest.astype(np.uint32) << 30 | field[:, 0] << 20 | field[:, 1] << 10 | field[:, 2]
    flags = ANTIALIASED * splats.antialiased | HAS_RECORDS * bool(records)
    parts = [
        struct.pack("<4sIIBBBB", MAGIC, 3, splats.count, splats.degree, fraction, flags, 0),
        np.ascontiguousarray(fixed[..., None].view(np.uint8)[..., :3]).tobytes(),
        _byte(splats.opacities * 255),
        _byte((splats.sh[:, 0] * COLOR_SCALE + 0.5) * 255),
        _byte((splats.log_scales + 10) * 16),
        rotations.astype("<u4").tobytes(),
        _byte(splats.sh[:, 1:] * 128 + 128),
        records,
    ]
    return gzip.compress(b"".join(parts), mtime=0)


def _byte(values: Array) -> bytes:
    return np.rint(values).clip(0, 255).astype(np.uint8).tobytes()


def _inflate(content: bytes, name: str) -> bytes:
    """The content of a gzip file, as long as its own header says and no longer."""
    stream = zlib.decompressobj(31)
    try:
        head = stream.decompress(content, 16)
        size = sum(_header(head, name, len(content)).sizes())
        return head + stream.decompress(stream.unconsumed_tail, size + LONGEST_RECORDS)
    except zlib.error:
        raise _damage_error(name) from None


def _header(content: bytes, name: str, packed: int) -> Header:
    """The header, checked against the size of the file as it is stored."""
    if len(content) < 16 or not content.startswith(MAGIC):
        raise Style3DError(f"{name} is not an SPZ file", got=f"{content[:4]!r}…", expected="gzip or NGSP")
    version, count, degree, fraction, flags, streams = struct.unpack_from("<4xIIBBBB", content)
    if version not in (2, 3, 4) or degree >= len(COEFFICIENTS) or fraction > 31:
        got = f"version {version}, degree {degree}, {fraction} fractional bits"
        raise Style3DError(f"{name} is SPZ of an unknown kind", got=got, expected="versions 2 to 4")
    check_count(count, name)
    if version == 4 and len(content) < 32:
        raise _damage_error(name)
    contents = struct.unpack_from("<I", content, 16)[0] if version == 4 else 0
    header = Header(version, count, degree, fraction, flags, streams, contents)
    if sum(header.sizes()) > min(max(SMALL, MOST_EXPANSION * packed), MAX_BYTES):
        got = f"{count:,} splats in {packed:,} bytes"
        raise Style3DError(f"{name} expands to too much data", got=got, hint="it is damaged, or made to fill memory")
    return header


def _streams(content: bytes, header: Header, name: str) -> list[bytes]:
    """The six attributes of version 4, each its own Zstandard frame; absent where nothing is to be stored."""
    sizes = header.sizes()
    wanted = [size for size in sizes if size]
    at = header.contents + 16 * len(wanted)
    if header.streams != len(wanted) or header.contents < 32 or at > len(content):
        raise _damage_error(name)
    found = []
    for index, size in enumerate(wanted):
        packed, whole = struct.unpack_from("<QQ", content, header.contents + 16 * index)
        if whole != size or packed > len(content) - at:
            raise _damage_error(name)
        try:
            frame = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content[at : at + packed]))
            part = frame.read(size)
        except zstandard.ZstdError:
            raise _damage_error(name) from None
        if len(part) != size:
            raise _damage_error(name)
        found.append(part)
        at += packed
    return found + [b""] * (len(sizes) - len(found))


def _unpack(header: Header, parts: list[Array]) -> Splats:
    """Bytes to parameters, as the format's reference does."""
    count, (place, opacity, color, scale, rotation, higher) = header.count, parts
    wide = np.zeros((count, 3, 4), np.uint8)
    wide[..., 1:] = place.reshape(count, 3, 3)  # the sign in the highest byte
    positions = (wide.view("<i4")[..., 0] >> 8) * 2.0**-header.fraction
    constant = (color.reshape(count, 1, 3) / 255 - 0.5) / COLOR_SCALE
    sh = np.concatenate([constant, higher.reshape(count, -1, 3) / 128 - 1], axis=1)
    return Splats(
        positions=positions.astype(np.float32),
        rotations=_first_three(rotation) if header.version == 2 else _packed_three(rotation),
        log_scales=(scale.reshape(count, 3) / 16 - 10).astype(np.float32),
        logit_opacities=logit(opacity / 255),
        sh=sh.astype(np.float32),
        antialiased=bool(header.flags & ANTIALIASED),
    )


def _first_three(content: Array) -> Array:
    """Version 2: x, y and z in a byte each; w is what is left of the length, and positive."""
    xyz = content.reshape(-1, 3) / 127.5 - 1
    return with_largest(xyz, np.zeros(len(xyz), np.int64))


def _packed_three(content: Array) -> Array:
    """Versions 3 and 4: two bits say which of x y z w is left out, then sign and nine bits for each of the others."""
    packed = content.view("<u4")
    fields = np.stack([packed >> 20, packed >> 10, packed], axis=1) & 1023
    three = (fields & LARGEST) * (np.sqrt(0.5) / LARGEST) * np.where(fields >> 9, -1, 1)
    return with_largest(three, (packed >> 30).astype(np.int64))[:, [3, 0, 1, 2]]


def _damage_error(name: str) -> Style3DError:
    return Style3DError(f"{name} is truncated or damaged", expected="a whole SPZ file", hint="export it again")


SPZ = SplatFormat(
    title="`.spz`",
    suffixes=(".spz",),
    recognise=lambda content, _: content.startswith((GZIP, MAGIC)),
    read=lambda content, path: from_spz(content, path.name),
    write=to_spz,
    holds=Holds(records=True, tables=ORBIT_TABLES),
    axes="RUB",
    reads="versions 2 to 4, axes named by an extension",
    writes="version 3",
    keeps="24 bits a place, 8 a size, opacity, colour and harmonic; records of vendors",
)
