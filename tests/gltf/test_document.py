"""Reading and writing glTF containers."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from style3d.errors import Style3DError
from style3d.gltf.container import safe_name, single_buffer, write_glb, write_gltf
from style3d.gltf.document import Document, parse_document, read_document
from style3d.gltf.editor import Editor
from tests.helpers.gltf_maker import Maker, checks, read_glb


def maker() -> Maker:
    """A textured quad among things nobody knows."""
    made = Maker()
    made.json["extensionsUsed"] = ["VENDOR_secret"]
    made.json["extras"] = {"größe": [1, 2.5, None, "ß"], "zero": 0}
    made.show(
        made.quad(made.textured_material(checks(), name="Bemalt é")),
        name="wörld node",
        extensions={"VENDOR_secret": {}},
    )
    made.json["extensions"] = {"VENDOR_secret": {"deep": [{"a": 1}]}}
    return made


def test_glb_goes_through_unchanged(tmp_path: Path) -> None:
    """Nothing is lost or reordered between reading and writing."""
    source = maker().write(tmp_path / "a.glb")
    write_glb(read_document(source), tmp_path / "b.glb")
    old, new = read_glb(source), read_glb(tmp_path / "b.glb")
    assert json.dumps(old[0]) == json.dumps(new[0])
    assert old[1] == new[1]


def test_gltf_folder_and_back(tmp_path: Path) -> None:
    """External buffers and images end up in one GLB with the same bytes."""
    source = maker().write(tmp_path / "a.glb")
    document = read_document(source)
    files = write_gltf(document, tmp_path / "out" / "odd näme.gltf", {0: "a b/c"})
    assert [path.relative_to(tmp_path / "out").as_posix() for path in files] == [
        "odd_n_me-textures/a_b_c.png",
        "odd_n_me.bin",
        "odd näme.gltf",
    ]
    again = read_document(files[-1])
    write_glb(again, tmp_path / "c.glb")
    image = read_glb(tmp_path / "c.glb")[0]["images"][0]
    assert image["mimeType"] == "image/png"
    assert "uri" not in image
    assert again.json["accessors"] == document.json["accessors"]


def test_several_buffers_are_joined(tmp_path: Path) -> None:
    """Views keep showing the same bytes; data URIs and files mix."""
    (tmp_path / "two part.bin").write_bytes(b"abcdef")
    uri = "data:application/octet-stream;base64," + base64.b64encode(b"xyz!").decode()
    found = {
        "asset": {"version": "2.0"},
        "buffers": [{"uri": uri, "byteLength": 4}, {"uri": "two%20part.bin", "byteLength": 6, "name": "second"}],
        "bufferViews": [{"buffer": 0, "byteLength": 4}, {"buffer": 1, "byteOffset": 1, "byteLength": 3}],
    }
    document = parse_document(json.dumps(found).encode(), tmp_path, "a.gltf")
    merged, content = single_buffer(document)
    shown = [content[v.get("byteOffset", 0) :][: v["byteLength"]] for v in merged["bufferViews"]]
    assert shown == [b"xyz!", b"bcd"]
    assert merged["buffers"] == [{"name": "second", "byteLength": len(content)}]


def test_replaced_bytes_are_left_out(tmp_path: Path) -> None:
    """A replaced view takes its old bytes with it, and what stays keeps its place modulo 16."""
    made = maker()
    made.view(b"x" * 5000)
    tail = made.view(b"tail")
    document = parse_document(made.glb(), tmp_path, "a.glb")
    made.json["images"].append({"bufferView": tail - 1})
    editor = Editor(parse_document(made.glb(), tmp_path, "a.glb"))
    assert editor.replace_view(tail - 1, b"new") == tail - 1
    merged, content = single_buffer(editor.finish())
    assert len(content) < len(document.buffers[0]) - 4900
    for index, view in enumerate(merged["bufferViews"]):
        shown = content[view["byteOffset"] :][: view["byteLength"]]
        old = document.json["bufferViews"][index]
        wanted = document.buffers[0][old["byteOffset"] :][: old["byteLength"]]
        assert shown == (b"new" if index == tail - 1 else wanted)
        assert index == tail - 1 or (view["byteOffset"] - old["byteOffset"]) % 16 == 0


def test_shared_view_is_not_replaced(tmp_path: Path) -> None:
    """Bytes that two images show stay for the second."""
    made = maker()
    made.json["images"].append(dict(made.json["images"][0]))
    editor = Editor(parse_document(made.glb(), tmp_path, "a.glb"))
    view = made.json["images"][0]["bufferView"]
    assert editor.replace_view(view, b"new") != view


def bad_glb(change: str) -> bytes:
    """A GLB broken in one way."""
    content = bytearray(maker().glb())
    if change == "cut":
        return bytes(content[: len(content) // 2])
    if change == "version":
        struct.pack_into("<I", content, 4, 1)
    if change == "chunk":
        struct.pack_into("<I", content, 12, 1 << 30)
    if change == "json":
        content[20:24] = b"!!!!"
    if change == "head":
        return bytes(content[:10])
    return bytes(content)


@pytest.mark.parametrize(
    ("change", "words"),
    [("cut", "truncated"), ("version", "version"), ("chunk", "truncated"), ("json", "JSON"), ("head", "truncated")],
)
def test_damaged_glb_is_refused(change: str, words: str) -> None:
    """With one line that says so."""
    with pytest.raises(Style3DError, match=words) as caught:
        parse_document(bad_glb(change), Path(), "a.glb")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "found",
    [
        {"asset": {"version": "1.0"}},
        {"asset": 3},
        [],
        {"asset": {"version": "2.0"}, "buffers": {"0": {}}},
        {"asset": {"version": "2.0"}, "buffers": [{"uri": "no.bin", "byteLength": 1}]},
        {"asset": {"version": "2.0"}, "buffers": [{"uri": "data:;base64,AAAA", "byteLength": 99}]},
        {"asset": {"version": "2.0"}, "buffers": [{"uri": "data:;base64,AAAA", "byteLength": -1}]},
        {"asset": {"version": "2.0"}, "buffers": [{"uri": "data:;base64,A", "byteLength": 1}]},
        {"asset": {"version": "2.0"}, "buffers": [{"byteLength": 1}], "bufferViews": [{"buffer": 0, "byteLength": 9}]},
        {"asset": {"version": "2.0"}, "bufferViews": [{"buffer": 0, "byteLength": 9}]},
    ],
)
def test_damaged_json_is_refused(found: object, tmp_path: Path) -> None:
    """Wrong versions, shapes, lengths and references."""
    with pytest.raises((Style3DError, AttributeError, TypeError)):  # asset.py turns the last two into one line
        parse_document(json.dumps(found).encode(), tmp_path, "a.gltf")


def test_not_a_number_is_no_json(tmp_path: Path) -> None:
    """NaN would be written back as what no other program reads."""
    with pytest.raises(Style3DError, match="NaN"):
        parse_document(b'{"asset": {"version": "2.0"}, "extras": NaN}', tmp_path, "a.gltf")


@pytest.mark.parametrize("uri", ["../x.bin", "/etc/passwd", "a/../../x.bin", "http://x/y.bin", "%2e%2e/x.bin", "a\0b"])
def test_uris_stay_in_the_folder(uri: str, tmp_path: Path) -> None:
    """Nothing outside the asset's folder is read, and nothing is downloaded."""
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "x.bin").write_bytes(b"secret")
    with pytest.raises(Style3DError, match="folder"):
        Document({}, (), inner).resource(uri)


def test_deep_json_is_refused(tmp_path: Path) -> None:
    """A file made to exhaust the stack."""
    text = b'{"asset": {"version": "2.0"}, "extras": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(Style3DError, match="JSON"):
        parse_document(text, tmp_path, "a.gltf")


@pytest.mark.parametrize(
    ("name", "safe"), [("a b", "a_b"), ("..", "unnamed"), ("con", "_con"), ("Ünï/x", "n_x"), ("", "unnamed")]
)
def test_file_names_are_safe(name: str, safe: str) -> None:
    """For every system."""
    assert safe_name(name) == safe


class Counted(list):
    """A list that counts how often somebody goes through it."""

    walks = 0

    def __iter__(self) -> Iterator:
        self.walks += 1
        return super().__iter__()


def test_a_list_is_checked_once_and_not_for_every_element() -> None:
    """Reading all elements of a long list takes a time in proportion to its length."""
    nodes = Counted({"name": str(number)} for number in range(50))
    document = Document({"nodes": nodes}, (), Path())
    assert [document.item("nodes", number)["name"] for number in range(50)] == [str(number) for number in range(50)]
    assert nodes.walks == 1
    document.json["nodes"] = [{}, 3]
    with pytest.raises(Style3DError, match="nodes are not a list of objects"):
        document.item("nodes", 0)
