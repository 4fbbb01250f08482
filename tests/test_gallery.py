"""The pictures of docs/gallery.md: all are shown, and their capture is one that style3d reads."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from scripts import gallery
from style3d.images import read_image
from style3d.nerf.capture.read import open_capture

ROOT = Path(__file__).resolve().parents[1]


def test_the_page_shows_what_the_script_makes() -> None:
    shown = re.findall(r"\]\(gallery/(.+?)\)", (ROOT / "docs/gallery.md").read_text(encoding="utf-8"))
    assert set(shown) == {"wide.webp", *(f"{name}.jpg" for name in gallery.PIECES)}
    assert set(shown) == {path.name for path in (ROOT / "docs/gallery").iterdir()}


def test_photos_of_a_model_are_a_capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Photos with cameras around the model, cut out of what is not the model."""
    monkeypatch.setattr(gallery, "PHOTOS", 3)
    monkeypatch.setattr(gallery, "PHOTO_EDGE", 32)
    capture = open_capture(gallery.photograph(tmp_path))
    assert len(capture.photos) == 3
    assert all(16 <= max(photo.lens.width, photo.lens.height) <= 32 for photo in capture.photos)
    image = read_image(capture.photos[0].path)
    assert np.ptp(image) > 0.2
