"""Prompts read into plans, and plans drawn."""

from __future__ import annotations

import pytest
import torch

from style3d.losses.text.words import COLORS, MATERIALS, MEDIA, VOCABULARY
from style3d.losses.text.words import PATTERNS as NAMED
from style3d.prompt_pictures import Layer, draw_swatch, read_plan
from style3d.prompt_pictures.patterns import PATTERNS
from style3d.prompt_pictures.plan import own_colors


@pytest.mark.parametrize(
    ("prompt", "base", "over"),
    [
        ("a wooden carving with pale blue glaze", "wood", ["glaze"]),
        ("blue flowers on white porcelain", "porcelain", ["flowers"]),
        ("white porcelain with blue flowers", "porcelain", ["flowers"]),
        ("mossy stone", "stone", ["moss"]),
        ("cracked terracotta clay", "clay", ["cracks"]),
        ("polka dots", "", ["dots"]),
        ("red stripes on white", "", ["stripes"]),
        ("stained glass in red and gold", "leads", []),
        ("a painting in blue and gold", "oil", []),
        ("gold", "", []),
        ("knitted wool in red and cream", "wool", []),
    ],
)
def test_what_lies_over_what(prompt, base, over) -> None:
    plan = read_plan(prompt)
    assert plan is not None
    assert (plan.base.name, [layer.name for layer in plan.over]) == (base, over)


def test_colours_go_to_what_they_are_said_of() -> None:
    plan = read_plan("large blue flowers on white porcelain")
    assert plan.base.colors == (COLORS["white"],)
    assert plan.over == (Layer("flowers", (COLORS["blue"],), "large"),)
    assert read_plan("oil painting in blue and yellow").base.colors == (COLORS["blue"], COLORS["yellow"])
    assert read_plan("an oil painting of fire").base.colors == own_colors("fire")
    stripes = read_plan("red stripes on white")
    assert (stripes.over[0].colors, stripes.base.colors) == ((COLORS["red"],), (COLORS["white"],))
    assert read_plan("dark red").base.colors[0] < COLORS["red"]


def test_drawings_are_lines_on_paper() -> None:
    plan = read_plan("black ink swirls on cream paper")
    assert plan.over == ()
    assert (plan.base.name, plan.base.pattern) == ("ink", "swirls")
    assert plan.base.colors[0] == COLORS["black"]
    assert read_plan("woodcut waves").base.colors == own_colors("woodcut")


@pytest.mark.parametrize("prompt", ["", "Klimt", "a photo of a dog", "dark and glossy"])
def test_what_cannot_be_drawn(prompt) -> None:
    assert read_plan(prompt) is None


def test_what_is_not_wanted_is_not_drawn() -> None:
    plan = read_plan("blue flowers and gold dots on white porcelain", ["no dots", "gold"])
    assert [layer.name for layer in plan.over] == ["flowers"]
    assert read_plan("dots", ["polka dots"]) is None


def test_a_plan_knows_whether_it_has_colours() -> None:
    assert [read_plan(text).colored for text in ("swirls", "blue swirls", "moss", "oil")] == [False, True, True, True]


@pytest.mark.parametrize("word", [*MATERIALS, *(word for word in (*NAMED, *MEDIA) if word != "glass"), *COLORS])
def test_every_word_draws(word) -> None:
    plan = read_plan(word)
    assert plan is not None
    image = draw_swatch(plan, 0, side=64)
    assert image.shape == (1, 3, 64, 64)
    assert torch.isfinite(image).all()
    assert image.min() >= 0
    assert image.max() <= 1
    assert image.std() > (0.001 if word in COLORS else 0.02)


def test_a_seed_gives_the_same_drawing() -> None:
    plan = read_plan("gold veins in black marble")
    assert torch.equal(draw_swatch(plan, 3, side=64), draw_swatch(plan, 3, side=64))
    assert not torch.equal(draw_swatch(plan, 3, side=64), draw_swatch(plan, 4, side=64))


def test_colours_come_out_as_named() -> None:
    image = draw_swatch(read_plan("blue stripes on yellow"), 0)[0].flatten(1).T
    for name in ("blue", "yellow"):
        near = (image - torch.tensor(COLORS[name])).norm(dim=1) < 0.25
        assert 0.2 < float(near.float().mean()) < 0.8


def test_the_words_that_draw_are_words_that_are_known() -> None:
    assert set(PATTERNS) <= set(VOCABULARY)
