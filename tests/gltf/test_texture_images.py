"""Textures as their pixels lie, whatever holds them: KTX2, AVIF, and photos with a note to turn them."""

from __future__ import annotations

import base64
import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from style3d.errors import Style3DError
from style3d.gltf.texture_images import read_texture, texture_size
from style3d.images import read_image, read_style
from style3d.mesh.asset import load_asset, save_asset
from style3d.mesh.diff import diff_files
from style3d.mesh.inspect import inspect_file
from tests.helpers.gltf_maker import Maker, checks, image_of, read_glb

COLORS = ((200, 40, 40), (40, 160, 60), (50, 70, 200), (220, 210, 60))  # top left and right, bottom left and right
KTX2 = {  # 16 x 16 texels in these four colours, by Binomial's encoder
    "ETC1S": (
        "q0tUWCAyMLsNChoKAAAAAAEAAAAQAAAAEAAAAAAAAAAAAAAAAQAAAAEAAAABAAAAaAAAACwAAACUAAAAJAAAALgAAAAAAAAA"
        "kgAAAAAAAABKAQAAAAAAAAQAAAAAAAAAAAAAAAAAAAAsAAAAAAAAAAIAKACjAQIAAwMAAAAAAAAAAAAAAAA/AAAAAAAAAAAA"
        "/////x8AAABLVFh3cml0ZXIAQmFzaXMgVW5pdmVyc2FsIDEuMTUAAAQAAgAyAAAACQAAAC8AAAAAAAAAAAAAAAAAAAAEAAAA"
        "AAAAAAAAAAAVQMSAAAAAYBDbAYksgCkBAAAAACAoegAhgAkBAgAAAABkgSAAUwAAAAAAIJAWBfytDFRVVVX9////BxTARAAA"
        "AAAAABJBAJgAAAAAAABAGAKiBAwAAADCxiWSCEQ5AjADAAAAAACAJCAA5MIqBQ=="
    ),
    "UASTC": (
        "q0tUWCAyMLsNChoKAAAAAAEAAAAQAAAAEAAAAAAAAAAAAAAAAQAAAAEAAAACAAAAaAAAACwAAACUAAAAJAAAAAAAAAAAAAAA"
        "AAAAAAAAAAC4AAAAAAAAADwAAAAAAAAAAAEAAAAAAAAsAAAAAAAAAAIAKACmAQIAAwMAAAAAAAAAAAAAAAB/AAAAAAAAAAAA"
        "/////x8AAABLVFh3cml0ZXIAQmFzaXMgVW5pdmVyc2FsIDEuMTUAACi1L/1gAACVAQDwFxkF5T/IxgAFlOdfDUhXxgj5PzQI"
        "A5dbmue/8H0BBwAFEgAgnwGZA5YCsGvmBC/gAg=="
    ),
    "UASTC with opacity": (
        "q0tUWCAyMLsNChoKAAAAAAEAAAAQAAAAEAAAAAAAAAAAAAAAAQAAAAEAAAACAAAAaAAAACwAAACUAAAAJAAAAAAAAAAAAAAA"
        "AAAAAAAAAAC4AAAAAAAAADwAAAAAAAAAAAEAAAAAAAAsAAAAAAAAAAIAKACmAQIAAwMAAAAAAAAAAAAAAAB/AwAAAAAAAAAA"
        "/////x8AAABLVFh3cml0ZXIAQmFzaXMgVW5pdmVyc2FsIDEuMTUAACi1L/1gAACVAQDwFxkF5T/IxgAFlAdADUhXxgj5PzQI"
        "A5dbmgeg8H0BBwAFEgAgnwGZA5YCsGvmBC/gAg=="
    ),
}


def quarters() -> np.ndarray:
    """The four colours as a picture."""
    picture = np.zeros((16, 16, 3), np.uint8)
    for index, color in enumerate(COLORS):
        picture[index // 2 * 8 :, index % 2 * 8 :] = color
    return picture


def turned_jpeg() -> bytes:
    """The four colours in a photo that says it is to be turned by a quarter."""
    exif, stream = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    Image.fromarray(quarters()).save(stream, "JPEG", quality=98, subsampling=0, exif=exif)
    return stream.getvalue()


def compressed(kind: str, *, fallback: bool = False) -> Maker:
    """A square that shows a KTX2 texture, with or without a picture beside it."""
    made = Maker()
    image = made.add("images", {"bufferView": made.view(base64.b64decode(KTX2[kind])), "mimeType": "image/ktx2"})
    texture = {"extensions": {"KHR_texture_basisu": {"source": image}}}
    plain = {"source": made.image(checks(16))} if fallback else {}
    info = {"index": made.add("textures", {**plain, **texture})}
    made.show(made.quad(made.add("materials", {"pbrMetallicRoughness": {"baseColorTexture": info}})))
    made.json["extensionsUsed"] = ["KHR_texture_basisu"]
    return made


@pytest.mark.parametrize("kind", KTX2)
def test_ktx2_is_decoded(kind: str) -> None:
    """Every codec that glTF allows, with opacity where there is some."""
    pytest.importorskip("opengl_basisu")
    pixels = read_texture(base64.b64decode(KTX2[kind]), "a")
    np.testing.assert_allclose(pixels[..., :3] * 255, quarters(), atol=4)
    assert pixels.shape[2] == (4 if "opacity" in kind else 3)
    if pixels.shape[2] == 4:
        np.testing.assert_array_equal(pixels[0, [0, 15], 3], [1, 0])


def test_ktx2_is_painted(tmp_path: Path) -> None:
    """The painted picture is one that every program reads, and the extension goes."""
    pytest.importorskip("opengl_basisu")
    source = compressed("UASTC").write(tmp_path / "a.glb")
    loaded = load_asset(source, texture_size=16)
    (path,) = save_asset(loaded, [1 - t.rgb for t in loaded.surface.textures], tmp_path / "b.glb")
    np.testing.assert_allclose(image_of(path, 0), 255 - quarters(), atol=4)
    assert "extensionsUsed" not in read_glb(path)[0]
    assert all(found.allowed for found in diff_files(source, path))
    assert "16 × 16, image/ktx2" in inspect_file(source)


def test_ktx2_passes_through_where_nothing_is_painted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a normal map it needs no decoder and keeps its bytes."""
    monkeypatch.setitem(sys.modules, "opengl_basisu", None)
    made = compressed("ETC1S", fallback=True)
    made.json["materials"][0]["normalTexture"] = {
        "index": made.add("textures", {"extensions": {"KHR_texture_basisu": {"source": 0}}})
    }
    source = made.write(tmp_path / "a.glb")
    loaded = load_asset(source, texture_size=16)
    (path,) = save_asset(loaded, [1 - t.rgb for t in loaded.surface.textures], tmp_path / "b.glb")
    found, content = read_glb(path)
    view = found["bufferViews"][found["images"][0]["bufferView"]]
    start = view.get("byteOffset", 0)
    assert content[start : start + view["byteLength"]] == base64.b64decode(KTX2["ETC1S"])
    assert found["extensionsUsed"] == ["KHR_texture_basisu"]


def test_ktx2_without_its_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says what to install, and what converts the file."""
    monkeypatch.setitem(sys.modules, "opengl_basisu", None)
    with pytest.raises(Style3DError, match=r"KTX2 .* pip install 'style3d\[ktx2\]', or convert with: gltf-transform"):
        load_asset(compressed("ETC1S").write(tmp_path / "a.glb"))


def test_damaged_ktx2_is_refused() -> None:
    """Cut short or of absurd size, in one line."""
    pytest.importorskip("opengl_basisu")
    content = base64.b64decode(KTX2["ETC1S"])
    for broken in (content[:40], content[:200], content[:20] + b"\xff" * 8 + content[28:]):
        with pytest.raises(Style3DError, match=r"KTX2|too many pixels"):
            read_texture(broken, "a")
    assert texture_size(content, "a") == (16, 16)


@pytest.mark.parametrize(("kind", "extension"), [("webp", "EXT_texture_webp"), ("avif", "EXT_texture_avif")])
def test_pictures_of_extensions_are_painted(kind: str, extension: str, tmp_path: Path) -> None:
    """A texture that only the extension gives a picture."""
    made, stream = Maker(), io.BytesIO()
    Image.fromarray(quarters()).save(stream, kind, quality=100)
    image = made.add("images", {"bufferView": made.view(stream.getvalue()), "mimeType": f"image/{kind}"})
    info = {"index": made.add("textures", {"extensions": {extension: {"source": image}}})}
    made.show(made.quad(made.add("materials", {"pbrMetallicRoughness": {"baseColorTexture": info}})))
    made.json |= {"extensionsUsed": [extension], "extensionsRequired": [extension]}
    source = made.write(tmp_path / "a.glb")
    loaded = load_asset(source, texture_size=16)
    np.testing.assert_allclose(loaded.surface.textures[0].rgb[[0, 15], [0, 15]] * 255, [COLORS[0], COLORS[3]], atol=12)
    assert not loaded.remarks
    (path,) = save_asset(loaded, [t.rgb for t in loaded.surface.textures], tmp_path / "b.glb")
    assert all(found.allowed for found in diff_files(source, path))
    assert f"image/{kind}" in inspect_file(source)


@pytest.mark.parametrize("kind", ["gltf", "obj", "ply"])
def test_a_note_to_turn_a_texture_is_not_heeded(kind: str, tmp_path: Path) -> None:
    """UVs are meant for the pixels as they lie; what is written lies the same way and has no note."""
    (tmp_path / "photo.jpg").write_bytes(turned_jpeg())
    corners = [(0, 0), (1, 0), (1, 1), (0, 1)]
    if kind == "gltf":
        made = Maker()
        image = made.add("images", {"bufferView": made.view(turned_jpeg()), "mimeType": "image/jpeg"})
        info = {"index": made.add("textures", {"source": image})}
        made.show(made.quad(made.add("materials", {"pbrMetallicRoughness": {"baseColorTexture": info}})))
        source = made.write(tmp_path / "a.glb")
    elif kind == "obj":
        (tmp_path / "a.mtl").write_text("newmtl m\nmap_Kd photo.jpg\n")
        lines = ["mtllib a.mtl", *(f"v {x} {y} 0" for x, y in corners), *(f"vt {x} {y}" for x, y in corners)]
        source = tmp_path / "a.obj"
        source.write_text("\n".join([*lines, "usemtl m", "f 1/1 2/2 3/3 4/4"]) + "\n")
    else:
        head = ["ply", "format ascii 1.0", "comment TextureFile photo.jpg", "element vertex 4"]
        head += [f"property float {name}" for name in ("x", "y", "z", "s", "t")]
        head += ["element face 2", "property list uchar int vertex_indices", "end_header"]
        source = tmp_path / "a.ply"
        source.write_text("\n".join([*head, *(f"{x} {y} 0 {x} {y}" for x, y in corners), "3 0 1 2", "3 0 2 3"]) + "\n")
    loaded = load_asset(source, texture_size=16)
    np.testing.assert_allclose(loaded.surface.textures[0].rgb * 255, quarters(), atol=12)
    (path,) = save_asset(loaded, [t.rgb for t in loaded.surface.textures], tmp_path / "b.glb")
    np.testing.assert_allclose(image_of(path, 0), quarters(), atol=12)


def test_a_note_to_turn_a_style_is_heeded(tmp_path: Path) -> None:
    """What people look at stands as a viewer shows it."""
    (tmp_path / "photo.jpg").write_bytes(turned_jpeg())
    for picture in (read_style(tmp_path / "photo.jpg"), read_image(tmp_path / "photo.jpg")):
        np.testing.assert_allclose(picture * 255, np.rot90(quarters(), -1), atol=12)
