"""Wavefront MTL files give an OBJ file's materials their colours and texture names."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from style3d.errors import Style3DError
from style3d.files import read_bytes
from style3d.find_file import PICTURES, find_file
from style3d.images import decode_srgb, image_size
from style3d.mesh.imported_parts import ImportedMaterial
from style3d.remarks import remark

ARGUMENTS = {"-o": 3, "-s": 3, "-t": 3, "-mm": 2, "-bm": 1, "-boost": 1, "-texres": 1, "-imfchan": 1, "-type": 1}
ARGUMENTS |= {"-blendu": 1, "-blendv": 1, "-cc": 1, "-clamp": 1}  # options before a texture's name, with their values
SLOTS = {"map_kd": "baseColorTexture", "norm": "normalTexture", "map_ke": "emissiveTexture"}


def read_looks(libraries: list[str], folder: Path, wanted: list[str]) -> list[ImportedMaterial]:
    """A look for each material name in ``wanted``; grey, with a remark, where the files have none or are absent."""
    found: dict[str, dict[str, str]] = {}
    for library in libraries:
        try:
            path = find_file(library, folder)
            content = read_bytes(path, 64 << 20)
        except Style3DError as error:
            remark(f"material file {library!r} could not be read ({error}); plain grey is used")
            continue
        for name, item in parse_mtl(content.decode("utf-8", "replace")).items():
            found.setdefault(name, {**item, "folder": str(path.parent)})
    missing = sorted({name for name in wanted if name and name not in found})
    if missing and libraries:
        remark(
            f"{len(missing)} materials are not in the material files ({', '.join(missing)[:80]}): plain grey is used"
        )
    return [_look(name, found.get(name, {}), folder) for name in wanted]


def parse_mtl(text: str) -> dict[str, dict[str, str]]:
    """The statements of each material, by lower-case keyword; of repeated ones the last."""
    materials: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in text.splitlines():
        head, _, rest = line.strip().replace("\t", " ").partition(" ")
        if head == "newmtl":
            current = materials.setdefault(rest.strip(), {})
        elif head and not head.startswith("#"):
            current[head.lower()] = rest.strip()
    return materials


def texture_name(statement: str) -> str:
    """The file that a map statement names, after its options."""
    words = statement.split(" ")
    while words and words[0].lower() in ARGUMENTS:
        count = 1
        most = ARGUMENTS[words[0].lower()]
        while count <= most and count < len(words) - 1 and (most == 1 or _is_number(words[count])):
            count += 1
        words = words[count:]
    return " ".join(words).strip().strip('"')


def _look(name: str, item: dict[str, str], folder: Path) -> ImportedMaterial:
    images = {}
    for keyword, slot in SLOTS.items():
        if item.get(keyword):
            content = _texture(texture_name(item[keyword]), Path(item["folder"]), folder)
            if content is not None:
                images[slot] = (texture_name(item[keyword]), content)
    rgb = decode_srgb(np.array(_numbers(item.get("kd", ""), 3, 0.8))).tolist()
    white = (1.0, 1.0, 1.0)
    opacity, transparency = _numbers(item.get("d", ""), 1, 1.0)[0], _numbers(item.get("tr", ""), 1, 0.0)[0]
    alpha = opacity if 0 < opacity < 1 else 1 - transparency if 0 < transparency < 1 and "d" not in item else 1.0
    emissive = decode_srgb(np.array(_numbers(item.get("ke", ""), 3, 0.0))).tolist()
    return ImportedMaterial(
        name or "material",
        white if "baseColorTexture" in images else (rgb[0], rgb[1], rgb[2]),
        alpha,
        _numbers(item.get("pm", ""), 1, 0.0)[0],
        _numbers(item.get("pr", ""), 1, 0.9)[0],
        white if "emissiveTexture" in images else (emissive[0], emissive[1], emissive[2]),
        images,
        stand_in=not item,
    )


def _texture(name: str, beside: Path, folder: Path) -> bytes | None:
    """The bytes of a texture, looked for from the material file on, and from the model."""
    try:
        content = read_bytes(find_file(name, folder, beside=beside, suffixes=PICTURES), 512 << 20)
        image_size(content, name)
    except Style3DError as error:
        if "too many pixels" in str(error):
            raise
        remark(f"texture {name!r} could not be read ({error}); the material's plain colour is used")
        return None
    return content


def _numbers(text: str, count: int, default: float) -> list[float]:
    """``count`` numbers in [0, 1]; one number stands for all, the default for what cannot be read."""
    words = [word for word in text.split()[:count] if _is_number(word)]
    values = [min(max(float(word), 0.0), 1.0) for word in words]
    return values if len(values) == count else values * count if len(values) == 1 else [default] * count


def _is_number(word: str) -> bool:
    try:
        return math.isfinite(float(word))
    except ValueError:
        return False
