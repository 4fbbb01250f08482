"""Painted surfaces are written as OBJ with MTL and images, and as PLY with vertex colours."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from style3d.files import write_bytes
from style3d.gltf.container import safe_name
from style3d.gltf.document import Document
from style3d.images import ImageFormat, encode_image, encode_srgb
from style3d.mesh.materials import base_color, lookup
from style3d.mesh.mtl_of_gltf import carried_maps, numbers_of_material
from style3d.mesh.painted_slot import Slot
from style3d.mesh.textures import sample_image
from style3d.render.surface import Surface

Array = np.ndarray[Any, Any]
GAMMA = 2.2  # of tints: see `style3d.mesh.assemble`
SUFFIXES = {"png": "png", "jpeg": "jpg", "webp": "webp"}


def write_obj(
    surface: Surface,
    colors: Sequence[Array] | Array,
    path: Path,
    kind: ImageFormat,
    document: Document | None = None,
    slots: Sequence[Slot] = (),
) -> tuple[Path, ...]:
    """Write world-space triangles by object with UVs and normals, an MTL file, and its pictures.

    Vertex colours, painted ones and those that multiply a texture, follow the positions, as many programs read them.

    Args:
        surface: what is written.
        colors: its new colours.
        path: the OBJ.
        kind: of new pictures.
        document: the glTF whose materials the surface's are, by number; what they say besides colours is written, too.
        slots: which of them are painted.

    Raises:
        Style3DError: a file cannot be written.
    """
    stem = safe_name(path.stem)
    library, images = path.with_name(f"{stem}.mtl"), []
    if surface.painted == "texture":
        for index, (texture, rgb) in enumerate(zip(surface.textures, colors, strict=True)):
            content, used = encode_image(rgb, texture.alpha, kind)
            images.append(path.with_name(f"{stem}-{index}-{safe_name(texture.name)}.{SUFFIXES[used]}"))
            write_bytes(images[-1], content)
    names = _material_names(surface)
    further: dict[int, list[str]] = {}
    count = 0 if document is None else len(document.items("materials"))
    for index in (number for number in np.unique(surface.material).tolist() if number < count):
        assert document is not None  # its materials are counted
        further[index] = list(numbers_of_material(document.item("materials", index)))
        slot = next((slot for slot in slots if slot.material == index), None)
        for picture in carried_maps(document, index, slot):
            word = picture.keyword.split()[0]
            images.append(path.with_name(f"{stem}-{names[index]}-{word}{picture.suffix}"))
            write_bytes(images[-1], picture.content)
            further[index].append(f"{picture.keyword} {images[-1].name}")
    crisp = set() if document is None else _crisp(document, further)
    write_bytes(library, _mtl(surface, names, images, further, crisp).encode())
    shades = _vertex_colors(surface, colors)
    if shades is None and (surface.tint < 1).any():
        shades = encode_srgb(surface.tint.astype(np.float64) ** GAMMA)
    write_bytes(path, _obj(surface, names, library.name, shades).encode())
    return (*images, library, path)


def write_ply(surface: Surface, colors: Sequence[Array] | Array, path: Path) -> tuple[Path, ...]:
    """Write a binary PLY with 8-bit vertex colours; of painted textures, what they show at the vertices.

    Raises:
        Style3DError: the file cannot be written.
    """
    rgb = colors_at_vertices(surface, colors)
    fields = [("x", "<f8"), ("y", "<f8"), ("z", "<f8"), ("nx", "<f4"), ("ny", "<f4"), ("nz", "<f4")]
    fields += [("red", "u1"), ("green", "u1"), ("blue", "u1"), ("alpha", "u1")]
    vertices = np.zeros(len(surface.positions), dtype=fields)
    values = np.column_stack([surface.positions, surface.normals])
    for name, column in zip(["x", "y", "z", "nx", "ny", "nz"], values.T, strict=True):
        vertices[name] = column
    bytes_ = np.rint(np.column_stack([rgb, surface.alpha]).clip(0, 1) * 255).astype(np.uint8)
    for name, column in zip(("red", "green", "blue", "alpha"), bytes_.T, strict=True):
        vertices[name] = column
    faces = np.zeros(len(surface.faces), dtype=[("count", "u1"), ("index", "<i4", 3)])
    faces["count"], faces["index"] = 3, surface.faces
    kinds = {"<f8": "double", "<f4": "float", "u1": "uchar"}
    head = ["ply", "format binary_little_endian 1.0", f"element vertex {len(vertices)}"]
    head += [f"property {kinds[kind]} {name}" for name, kind in fields]
    head += [f"element face {len(faces)}", "property list uchar int vertex_indices", "end_header", ""]
    write_bytes(path, "\n".join(head).encode() + vertices.tobytes() + faces.tobytes())
    return (path,)


def colors_at_vertices(surface: Surface, colors: Sequence[Array] | Array) -> Array:
    """Display-referred colours (vertices, 3): the painted ones, or what painted textures show at the vertices."""
    shown = _vertex_colors(surface, colors)
    return _sampled_colors(surface, list(colors)) if shown is None else shown


def _material_names(surface: Surface) -> list[str]:
    """Names without spaces, each different."""
    names: list[str] = []
    for index, material in enumerate(surface.materials):
        name = safe_name(material.name)
        names.append(name if name not in names else f"{name}-{index}")
    return names


def _crisp(document: Document, materials: Iterable[int]) -> set[int]:
    """Materials whose base colour shows its texels as squares."""
    textures = {index: base_color(document, index).texture for index in materials}
    return {index for index, texture in textures.items() if lookup(document, texture).magnified == "squares"}


def _mtl(
    surface: Surface, names: list[str], images: list[Path], further: Mapping[int, Sequence[str]], crisp: Container[int]
) -> str:
    lines = []
    for index in np.unique(surface.material):
        material = surface.materials[index]
        lines += [f"newmtl {names[index]}", "Kd {:.6g} {:.6g} {:.6g}".format(*material.rgb), "illum 1"]
        if material.alpha < 1 and material.alpha_mode == "BLEND":
            lines.append(f"d {material.alpha:.6g}")
        if material.texture is not None and images:
            clamp = "-clamp on " if surface.textures[material.texture].wrap == ("clamp", "clamp") else ""
            squares = "-blendu off -blendv off " if int(index) in crisp else ""
            lines.append(f"map_Kd {clamp}{squares}{images[material.texture].name}")
            if surface.textures[material.texture].alpha is not None and material.alpha_mode != "OPAQUE":
                lines.append(f"map_d {images[material.texture].name}")
        lines += [*further.get(int(index), ()), ""]
    return "\n".join(lines)


def _obj(surface: Surface, names: list[str], library: str, rgb: Array | None) -> str:
    lines = [f"mtllib {library}"]
    places = surface.positions.tolist()
    if rgb is None:
        lines += [f"v {x:.9g} {y:.9g} {z:.9g}" for x, y, z in places]
    else:
        shades = np.round(rgb, 5).tolist()
        lines += [f"v {x:.9g} {y:.9g} {z:.9g} {r} {g} {b}" for (x, y, z), (r, g, b) in zip(places, shades, strict=True)]
    lines += [f"vt {u:.8g} {v:.8g}" for u, v in (surface.uvs * [1, -1] + [0, 1]).tolist()]
    lines += [f"vn {x:.6g} {y:.6g} {z:.6g}" for x, y, z in surface.normals.tolist()]
    last, owners = -1, surface.owner if len(surface.owner) else np.zeros(len(surface.faces), np.int32)
    for owner, index in np.unique(np.column_stack([owners, surface.material]), axis=0).tolist():
        if owner != last and surface.owners:
            lines.append(f"o {'_'.join(surface.owners[owner][0].split()) or 'object'}")
            last = owner
        lines.append(f"usemtl {names[index]}")
        chosen = (surface.faces[(surface.material == index) & (owners == owner)] + 1).tolist()
        lines += [f"f {a}/{a}/{a} {b}/{b}/{b} {c}/{c}/{c}" for a, b, c in chosen]
    return "\n".join(lines) + "\n"


def _vertex_colors(surface: Surface, colors: Sequence[Array] | Array) -> Array | None:
    """Painted vertex colours, constant ones where a vertex has no entry; None if textures are painted."""
    if surface.painted != "vertices":
        return None
    result = _constants(surface)
    painted = surface.entry >= 0
    result[painted] = np.asarray(colors)[surface.entry[painted]]
    return result


def _constants(surface: Surface) -> Array:
    """The plain colour of each vertex's material."""
    result = np.ones((len(surface.positions), 3))
    plain = np.array([material.rgb for material in surface.materials])
    for corner in range(3):
        result[surface.faces[:, corner]] = plain[surface.material]
    return result


def _sampled_colors(surface: Surface, colors: list[Array]) -> Array:
    """What the textures show at the vertices."""
    result = _constants(surface)
    for index, material in enumerate(surface.materials):
        if material.texture is None:
            continue
        used = np.unique(surface.faces[surface.material == index])
        wrap = surface.textures[material.texture].wrap
        result[used] = sample_image(colors[material.texture], surface.uvs[used], wrap) * surface.tint[used]
    return result
