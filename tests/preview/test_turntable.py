"""Turntables: every suffix plays back the frames that went in, and a missing tool is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from style3d.errors import Style3DError
from style3d.preview import animation_suffix, turntable
from style3d.preview.turntable import ffmpeg

COLORS = np.array([[0.8, 0.2, 0.2], [0.2, 0.7, 0.3], [0.2, 0.3, 0.8], [0.9, 0.9, 0.9]], np.float32)


def frames(height: int = 32, width: int = 48) -> list[np.ndarray]:
    return [np.broadcast_to(color, (height, width, 3)).copy() for color in COLORS]


@pytest.mark.parametrize("suffix", ["webp", "gif"])
def test_animated_picture_plays_back(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"turn.{suffix}"
    turntable(frames(), path, 20)
    with Image.open(path) as film:
        assert (film.n_frames, film.size, film.info["loop"]) == (4, (48, 32), 0)
        for index, color in enumerate(COLORS):
            film.seek(index)
            film.load()
            assert film.info["duration"] == 50
            assert np.asarray(film.convert("RGB"))[16, 24] / 255 == pytest.approx(color, abs=0.03)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.skipif(ffmpeg() is None, reason="no ffmpeg here: pip install imageio-ffmpeg")
@pytest.mark.parametrize("size", [(32, 48), (33, 49)])
def test_film_plays_back(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "turn: 1.mp4"
    turntable(frames(*size), path, 10)
    command = [
        str(ffmpeg()),
        "-v",
        "error",
        "-i",
        f"file:{path}",
        "-vf",
        "scale=in_color_matrix=bt709",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-",
    ]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    shown = np.frombuffer(raw, np.uint8).reshape(4, 32, 48, 3)
    assert shown[:, 16, 24] / 255 == pytest.approx(COLORS, abs=0.03)
    again = tmp_path / "again.mp4"
    turntable(frames(*size), again, 10)
    assert again.read_bytes() == path.read_bytes()


def test_without_ffmpeg_a_film_is_refused_and_webp_proposed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[ffmpeg.__module__], "ffmpeg", lambda: None)
    with pytest.raises(Style3DError, match=r"pip install 'style3d\[video\]', or name the file .webp"):
        turntable(frames(), tmp_path / "turn.mp4")
    assert animation_suffix() == ".webp"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("images", "name", "said"),
    [
        (frames(), "turn.avi", ".mp4 or .webp or .gif"),
        ([], "turn.gif", "one size"),
        (frames()[:1] + frames(8, 8)[:1], "turn.gif", "one size"),
    ],
)
def test_what_cannot_be_written_is_said(tmp_path: Path, images: list[np.ndarray], name: str, said: str) -> None:
    with pytest.raises(Style3DError, match=said):
        turntable(images, tmp_path / name)
