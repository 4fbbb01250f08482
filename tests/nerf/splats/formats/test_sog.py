"""SOG scenes, both versions, zipped and in folders."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from style3d.errors import Style3DError
from style3d.nerf.splats.files import read_splats
from style3d.nerf.splats.splats import Splats
from tests.helpers.clouds import cloud, shape_error
from tests.helpers.packers import sog, webp, zip_files


def read(files: dict[str, bytes], folder: Path) -> Splats:
    (folder / "a.sog").write_bytes(zip_files(files))
    return read_splats(folder / "a.sog")


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("degree", range(4))
def test_crafted(version: int, degree: int, tmp_path: Path) -> None:
    """Places of 16 bits in a logarithm, sizes and colours from tables or ranges: within their steps."""
    splats = cloud(70, degree)
    found = read(sog(splats, version), tmp_path)
    assert (found.count, found.degree) == (70, degree)
    np.testing.assert_allclose(found.positions, splats.positions, rtol=2e-4, atol=1e-4)
    step = 0.6 if version == 2 else 0.51  # quantiles are sparse at the ends
    np.testing.assert_allclose(found.log_scales, splats.log_scales, atol=step * np.ptp(splats.log_scales) / 255 + 0.05)
    np.testing.assert_allclose(found.opacities, splats.opacities, atol=0.004)
    np.testing.assert_allclose(found.base_colors, splats.base_colors, atol=0.01)
    np.testing.assert_allclose(found.sh[:, 1:], splats.sh[:, 1:], atol=0.1)
    assert np.abs(found.sh - splats.sh).mean() < 0.004
    assert np.median(shape_error(splats, found)) < 0.02


def test_folder_and_archive_agree(tmp_path: Path) -> None:
    """The archive, one with everything in a folder inside, the unzipped folder and its meta.json."""
    files = sog(cloud(70, 2))
    archived = read(files, tmp_path)
    (tmp_path / "b.sog").write_bytes(zip_files(files, "scene/"))
    (tmp_path / "scene").mkdir()
    for name, content in files.items():
        (tmp_path / "scene" / name).write_bytes(content)
    for path in ("b.sog", "scene", "scene/meta.json"):
        assert read_splats(tmp_path / path).content_hash == archived.content_hash


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    "changes",
    [
        {"count": 10**12, "means": {"shape": [10**12, 3]}},
        {"count": 1000, "means": {"shape": [1000, 3]}},
        {"count": "many", "means": {"shape": []}},
        {"scales": {"codebook": [1, 2], "mins": [0, 1]}},
        {"scales": {"codebook": ["a"] * 256, "mins": ["a"] * 3}},
        {"quats": {"files": []}},
        {"quats": {"files": "quats.webp"}},
        {"quats": None},
        {"version": 3},
        {"shN": {"bands": 3, "files": ["quats.webp", "quats.webp"]}},
        {"means": {"mins": [float("nan")] * 3}},
    ],
)
def test_claims_are_checked(version: int, changes: dict, tmp_path: Path) -> None:
    """Counts beyond the pictures, missing or nonsensical entries."""
    files = sog(cloud(70, 1), version)
    meta = json.loads(files["meta.json"])
    for key, change in changes.items():
        meta[key] = {**meta[key], **change} if isinstance(change, dict) else change
    with pytest.raises(Style3DError):
        read({**files, "meta.json": json.dumps(meta).encode()}, tmp_path)


@pytest.mark.parametrize(
    "escape", ["../secret.webp", "/etc/passwd", "..\\secret.webp", "a/../../secret.webp", "a\0b", ""]
)
def test_nothing_outside_the_folder_is_read(escape: str, tmp_path: Path) -> None:
    """Names that leave the folder are refused, whether or not the file is there."""
    files = sog(cloud(70, 0))
    (tmp_path / "secret.webp").write_bytes(files["quats.webp"])
    meta = json.loads(files["meta.json"])
    meta["quats"]["files"] = [escape]
    (tmp_path / "scene").mkdir()
    for name, content in {**files, "meta.json": json.dumps(meta).encode()}.items():
        (tmp_path / "scene" / name).write_bytes(content)
    with pytest.raises(Style3DError, match="outside its folder"):
        read_splats(tmp_path / "scene")
    with pytest.raises(Style3DError, match="missing or damaged"):
        read({**files, "meta.json": json.dumps(meta).encode()}, tmp_path)


def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that expands without end, and a picture of a billion pixels."""
    monkeypatch.setattr("style3d.nerf.splats.formats.sog.MAX_FILE", 1 << 20)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("meta.json", b" " * (8 << 20))
    (tmp_path / "a.sog").write_bytes(stream.getvalue())
    with pytest.raises(Style3DError, match="too large"):
        read_splats(tmp_path / "a.sog")
    head = bytearray(webp(np.zeros((1, 4)), 1))
    start = head.index(b"VP8L") + 9  # fourteen bits of width and of height, each less one
    head[start : start + 4] = (0x0FFFFFFF).to_bytes(4, "little")
    with pytest.raises(Style3DError, match="too many pixels"):
        read({**sog(cloud(70, 0)), "quats.webp": bytes(head)}, tmp_path)


def test_other_archives_and_json_are_refused(tmp_path: Path) -> None:
    """A ZIP of something else, JSON of something else, a folder without a scene."""
    with pytest.raises(Style3DError, match=r"without meta\.json"):
        read({"readme.txt": b"hello"}, tmp_path)
    (tmp_path / "a.json").write_bytes(b'{"hello": 1}')
    with pytest.raises(Style3DError):
        read_splats(tmp_path / "a.json")
    with pytest.raises(Style3DError, match="does not exist"):
        read_splats(tmp_path)
