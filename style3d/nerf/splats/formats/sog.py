"""SOG scenes (PlayCanvas) store numbers as pixels of WebP pictures, described by a meta.json."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8

from style3d.errors import Style3DError
from style3d.files import read_bytes
from style3d.images import read_image
from style3d.nerf.splats.formats.row import SplatFormat
from style3d.nerf.splats.formats.values import check_count, logit, with_largest
from style3d.nerf.splats.splats import COEFFICIENTS, Splats

Array = np.ndarray[Any, Any]
Json = dict[str, Any]
Load = Callable[[str], bytes]
META = "meta.json"
ZIP = b"PK"
MAX_FILE = 256 << 20  # bytes of one file of a scene
PALETTE_ROW = 64  # sets of harmonics in a row of their picture
FIRST_TAG = 252  # of rotations: the fourth byte says which component is left out


def from_zip(content: bytes, name: str) -> Splats:
    """Splats of a .sog file. Nothing is unpacked to disk.

    Raises:
        Style3DError: no SOG archive, or damaged.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        metas = [entry for entry in archive.namelist() if entry.rsplit("/", 1)[-1] == META]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise _damage_error(name) from None
    if not metas:
        raise Style3DError(f"{name} is a ZIP archive without {META}", expected="a SOG scene", hint="unpack it first")
    root = min(metas, key=len).removesuffix(META)

    def load(file: str) -> bytes:
        try:
            with archive.open(root + file) as stream:
                found = stream.read(MAX_FILE + 1)
        except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, OSError, RuntimeError, EOFError):
            raise _damage_error(name, file) from None
        if len(found) > MAX_FILE:
            raise Style3DError(f"{file[:80]} in {name} is too large", expected=f"at most {MAX_FILE:,} bytes")
        return found

    return from_meta(load(META), load, name)


def from_folder(content: bytes, folder: Path, name: str) -> Splats:
    """Splats of a meta.json and the pictures beside it.

    Raises:
        Style3DError: damaged, or naming files outside the folder.
    """

    def load(file: str) -> bytes:
        if not file or file != Path(file.replace("\\", "/")).name or "\0" in file:
            raise Style3DError(f"{name} names a file outside its folder", got=repr(file[:80]))
        return read_bytes(folder / file, MAX_FILE)

    return from_meta(content, load, name)


def from_either(content: bytes, path: Path) -> Splats:
    """Splats of an archive, or of a meta.json with its pictures. Errors: `from_zip`, `from_folder`."""
    if content.startswith(ZIP):
        return from_zip(content, path.name)
    return from_folder(content, path.parent, path.name)


def from_meta(content: bytes, load: Load, name: str) -> Splats:
    """Splats of a scene's meta.json, version 2 or the older one without a number.

    Raises:
        Style3DError: damaged, or of another version.
    """
    try:
        meta = json.loads(content)
        version = meta.get("version", 1)
        if version not in (1, 2):
            raise Style3DError(f"{name} is SOG version {version!r}", expected="version 1 or 2", hint="export it again")
        count = int(meta["count"] if version == 2 else meta["means"]["shape"][0])
        check_count(count, name)
        pictures = {key: [load(str(file)) for file in meta[key]["files"]] for key in _parts(meta)}
        return (_codebooks if version == 2 else _ranges)(meta, pictures, count, name)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError, OverflowError, RecursionError):
        raise _damage_error(name, META) from None


def _parts(meta: Json) -> list[str]:
    return ["means", "quats", "scales", "sh0", *(["shN"] if meta.get("shN") else [])]


def _codebooks(meta: Json, pictures: dict[str, list[bytes]], count: int, name: str) -> Splats:
    """Version 2: sizes and colours are places in a table of 256 numbers."""
    color = _pixels(pictures["sh0"][0], count, name)
    sh = _book(meta["sh0"])[color[:, None, :3]]
    if "shN" in pictures:
        sets = _palette(pictures["shN"], count, meta["shN"]["bands"], name)
        sh = np.concatenate([sh, _book(meta["shN"])[sets]], axis=1)
    return Splats(
        positions=_positions(meta["means"], pictures["means"], count, name),
        rotations=_rotations(_pixels(pictures["quats"][0], count, name)),
        log_scales=_book(meta["scales"])[_pixels(pictures["scales"][0], count, name)[:, :3]],
        logit_opacities=logit(color[:, 3] / 255),
        sh=sh,
    )


def _ranges(meta: Json, pictures: dict[str, list[bytes]], count: int, name: str) -> Splats:
    """Version 1: bytes lie between a least and a most; opacity is stored before the sigmoid."""
    color = _between(meta["sh0"], _pixels(pictures["sh0"][0], count, name) / 255)
    sh = color[:, None, :3]
    if "shN" in pictures:
        sets = _palette(pictures["shN"], count, None, name)
        sh = np.concatenate([sh, _between(meta["shN"], sets / 255)], axis=1)
    return Splats(
        positions=_positions(meta["means"], pictures["means"], count, name),
        rotations=_rotations(_pixels(pictures["quats"][0], count, name)),
        log_scales=_between(meta["scales"], _pixels(pictures["scales"][0], count, name)[:, :3] / 255),
        logit_opacities=color[:, 3].copy(),
        sh=sh,
    )


def _positions(part: Json, pictures: list[bytes], count: int, name: str) -> Array:
    """Low and high bytes of a share between extremes, in signed logarithms of 1 + distance."""
    low, high = (_pixels(picture, count, name)[:, :3].astype(np.float64) for picture in pictures[:2])
    value = _between(part, (low + 256 * high) / 65535, np.float64)
    return (np.sign(value) * np.expm1(np.abs(value))).astype(np.float32)


def _rotations(pixels: UInt8[np.ndarray, "n 4"]) -> Array:
    """Three bytes, and which of w x y z they leave out; without a known mark, no rotation."""
    marked = pixels[:, 3] >= FIRST_TAG
    three = (pixels[:, :3] / 127.5 - 1) * np.sqrt(0.5) * marked[:, None]
    return with_largest(three, np.where(marked, pixels[:, 3].astype(np.int64) - FIRST_TAG, 0))


def _palette(pictures: list[bytes], count: int, bands: int | None, name: str) -> Int[np.ndarray, "n k 3"]:
    """The bytes of each splat's set of harmonics: one picture holds the sets, 64 a row, another says whose is which."""
    sets = _raw(pictures[0], name)[..., :3]
    width = sets.shape[1] // PALETTE_ROW
    allowed = COEFFICIENTS[1:4] if bands is None else (COEFFICIENTS[bands],)
    if sets.shape[1] % PALETTE_ROW or width + 1 not in allowed:
        got = f"a picture {sets.shape[1]} wide"
        raise Style3DError(f"{name} has an invalid palette of harmonics", got=got, hint="export it again")
    label = _pixels(pictures[1], count, name).astype(np.int64)
    return sets.reshape(-1, width, 3)[label[:, 0] + 256 * label[:, 1]].astype(np.int64)


def _pixels(picture: bytes, count: int, name: str) -> UInt8[np.ndarray, "n 4"]:
    """The first ``count`` pixels, row by row."""
    found = _raw(picture, name).reshape(-1, 4)
    if len(found) < count:
        got = f"{len(found):,} pixels for {count:,} splats"
        raise Style3DError(f"a picture in {name} is too small", got=got, hint="export it again")
    return found[:count]


def _raw(picture: bytes, name: str) -> UInt8[np.ndarray, "h w 4"]:
    shares = read_image(picture, name=f"a picture in {name}", use_profile=False)
    found = np.full((*shares.shape[:2], 4), 255, np.uint8)
    found[..., : shares.shape[2]] = np.rint(shares * 255)
    return found


def _book(part: Json) -> Array:
    return np.array(part["codebook"], np.float32)


def _between(part: Json, share: Float[np.ndarray, "*dims"], kind: type[np.floating[Any]] = np.float32) -> Array:
    low, high = np.array(part["mins"], np.float64), np.array(part["maxs"], np.float64)
    return (low + (high - low) * share).astype(kind)


def _damage_error(name: str, file: str = "") -> Style3DError:
    where = f"{file[:80]} in {name}" if file else name
    return Style3DError(f"{where} is missing or damaged", expected="a whole SOG scene", hint="export it again")


def _is_sog(content: bytes, path: Path) -> bool:
    return content.startswith(ZIP) or (content.lstrip()[:1] == b"{" and path.suffix.lower() != ".gltf")


SOG = SplatFormat(
    title=f"`.sog`, or its folder or `{META}`",
    suffixes=(".sog",),
    recognise=_is_sog,
    read=from_either,
    axes="RDF",
    reads="versions 1 and 2",
    keeps="16 bits a place, tables of 256 sizes and colours",
)
