"""The small image–text model: what it reads, that it finds generated pictures it never saw, and broken files."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from style3d.errors import Style3DError
from style3d.losses.text.small import SHIPPED, WORDS, load_small, tokens_of
from style3d.losses.text.words import COLORS, MATERIALS, SAME, VOCABULARY, implied_palette, read_words
from tests.helpers.assets import asset

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture(scope="module")
def encoder():
    return load_small()


def test_words_are_read_in_order_under_their_first_name() -> None:
    known, unknown = read_words("A wooden Carving, with gray glaze; by Klimt!")
    assert known == ["a", "wood", "carving", "with", "grey", "glaze", "in"]
    assert unknown == ["klimt"]


def test_the_table_of_words_is_whole() -> None:
    assert set(SAME.values()) <= set(VOCABULARY)
    assert not set(SAME) & set(VOCABULARY)
    assert {color for colors in MATERIALS.values() for color in colors} <= set(COLORS)
    assert 120 < len(VOCABULARY) < 200


@pytest.mark.parametrize(
    ("prompt", "names"),
    [
        ("blue and white porcelain", ["blue", "white"]),
        ("a wooden carving with blue glaze", ["brown", "ochre", "beige", "blue"]),
        ("green marble", ["green"]),
        ("swirls", []),
    ],
)
def test_the_palette_a_prompt_implies(prompt, names) -> None:
    assert implied_palette(prompt) == [COLORS[name] for name in names]


def test_the_card_lists_the_vocabulary_and_the_size_is_small() -> None:
    card = SHIPPED.with_suffix(".md").read_text(encoding="utf-8")
    assert set(VOCABULARY) <= set(re.findall(r"[a-z]+", card))
    assert SHIPPED.stat().st_size < 3 << 20


def test_tokens() -> None:
    assert tokens_of(["zyx", "a wood"]).tolist() == [[0, 0], [1, 1 + VOCABULARY.index("wood")]]
    assert tokens_of(["red " * 40]).shape == (1, WORDS)


def test_embeddings_are_unit_and_differentiable(encoder) -> None:
    texts = encoder.texts(["blue dots on white", "red dots on white", "blue cracks on white", "zyx"])
    assert torch.allclose(texts.norm(dim=1), torch.ones(4), atol=1e-5)
    assert (texts[0] @ texts[1:].T).max() < 0.9
    image = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0)).requires_grad_()
    pictures = encoder.pictures(image)
    assert torch.allclose(pictures.norm(dim=1), torch.ones(2), atol=1e-5)
    pictures[:, 0].sum().backward()
    assert torch.isfinite(image.grad).all()
    assert image.grad.abs().sum() > 0


def test_words_it_does_not_know(encoder) -> None:
    assert encoder.unknown_words("a van Gogh in blue") == ("van", "gogh")
    assert encoder.unknown_words("red " * 18) == ("red", "red")
    assert encoder.understands("a van Gogh in blue")
    assert not encoder.understands("a painting of a Gogh")


def test_generated_pictures_find_their_captions(encoder) -> None:
    """Of 48 pictures with seeds past those of the training, most find their own caption among all."""
    spec = importlib.util.spec_from_file_location("captioned_textures", SCRIPTS / "captioned_textures.py")
    sys.path.insert(0, str(SCRIPTS))
    try:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        scenes = [module.make_captioned((1 << 41) + seed) for seed in range(48)]
    finally:
        sys.path.remove(str(SCRIPTS))
    images = torch.stack([image[:, 24:120, 24:120] for image, _ in scenes])
    scores = encoder.pictures(images) @ encoder.texts([said[0] for _, said in scenes]).T
    assert float((scores.argmax(1) == torch.arange(48)).float().mean()) > 0.6


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [("brick.png", "brick", "blue water"), ("grass.png", "grass", "red stripes"), ("coffee.png", "brown", "green")],
)
def test_photographs_say_something_too(encoder, name, right, wrong) -> None:
    picture = Image.open(asset(f"photos/{name}")).convert("RGB")
    side = min(picture.size) // 2
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    picture = picture.crop((left, top, left + side, top + side)).resize((96, 96))
    image = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None] / 255
    scores = encoder.pictures(image.float()) @ encoder.texts([right, wrong]).T
    assert scores[0, 0] > scores[0, 1]


def test_broken_files_are_refused(tmp_path) -> None:
    from safetensors.torch import load_file, save_file

    with pytest.raises(Style3DError, match="no weights file"):
        load_small(tmp_path / "absent.safetensors")
    (tmp_path / "short.safetensors").write_bytes(SHIPPED.read_bytes()[:1000])
    with pytest.raises(Style3DError, match="cannot read"):
        load_small(tmp_path / "short.safetensors")
    tensors = load_file(SHIPPED)
    save_file(tensors, tmp_path / "mute.safetensors")  # no vocabulary
    with pytest.raises(Style3DError, match="another vocabulary"):
        load_small(tmp_path / "mute.safetensors")
    tensors.pop("mean")
    save_file(tensors, tmp_path / "part.safetensors")
    with pytest.raises(Style3DError, match="another network"):
        load_small(tmp_path / "part.safetensors")
