"""Prompt losses on an encoder whose numbers can be worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from style3d.losses.objective import Objective
from style3d.losses.text.base import Encoder
from style3d.losses.text.crops import (
    homographies,
    object_square,
    pictures_of,
    random_patches,
    seed_of,
    squares,
    warp_crops,
)
from style3d.losses.text.direction import (
    TEMPLATES,
    directional_loss,
    patch_loss,
    sentence_embedding,
    text_direction,
)
from style3d.losses.text.prompt import PromptPatches, PromptWhole, make_wish
from tests.helpers.nets import Tiny


class Toy(Encoder):
    """A picture is its mean colour, a text a colour that stands for it; both as unit vectors."""

    COLORS = {"photo": (1.0, 1.0, 1.0), "red": (1.0, 0.0, 0.0), "blue": (0.0, 0.0, 1.0)}  # noqa: RUF012
    name, digest, size, patch, done_below = "toy", "0" * 64, 8, 0.5, 0.3  # type: ignore[assignment]

    def pictures(self, images):
        return torch.nn.functional.normalize(images.mean((2, 3)) + 1e-3, dim=1)

    def texts(self, sentences):
        rows = [next((v for k, v in self.COLORS.items() if text.endswith(k)), (1.0, 1.0, 1.0)) for text in sentences]
        return torch.nn.functional.normalize(torch.tensor(rows), dim=1)

    def unknown_words(self, sentence):
        return ()

    def understands(self, sentence):
        return True

    def to(self, device):
        return self


def test_templates_are_averaged() -> None:
    assert all("{}" in template for template in TEMPLATES)
    assert torch.allclose(sentence_embedding(Toy(), "red"), torch.tensor([1.0, 0.0, 0.0]))


def test_the_direction_of_a_text() -> None:
    s = 1 / math.sqrt(3)
    step = torch.tensor([1 - s, -s, -s])  # E("red") − E("a photo")
    assert torch.allclose(text_direction(Toy(), "red"), step / step.norm(), atol=1e-6)


def test_a_negative_text_is_moved_away_from_by_half() -> None:
    red, blue = text_direction(Toy(), "red"), text_direction(Toy(), "blue")
    expected = red - 0.5 * blue
    assert torch.allclose(text_direction(Toy(), "red", ("blue",)), expected / expected.norm(), atol=1e-6)
    assert torch.allclose(text_direction(Toy(), "red", ("blue", "blue")), expected / expected.norm(), atol=1e-6)


def test_the_directional_loss_by_hand() -> None:
    sources = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    pictures = torch.tensor([[0.0, 1.0], [2.0, 0.0], [1.0, 0.0], [1.01, 0.0]])
    towards = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    root = 1 / math.sqrt(2)
    expected = torch.tensor([[1 - root, 1 + root], [1.0, 0.0], [1.0, 1.0], [1.0, 1 - 0.01 / 0.05]])
    assert torch.allclose(directional_loss(pictures, sources, towards), expected, atol=1e-6)


def test_where_nothing_has_moved_the_gradient_points_along_the_text() -> None:
    picture = torch.tensor([[0.6, 0.8]], requires_grad=True)
    directional_loss(picture, torch.tensor([[0.6, 0.8]]), torch.tensor([[0.0, 1.0]])).sum().backward()
    assert torch.allclose(picture.grad, torch.tensor([[0.0, -20.0]]), atol=1e-4)  # 1 / 0.05


def test_patches_that_are_done_do_not_count() -> None:
    losses = torch.tensor([[0.9, 0.1], [0.2, 0.6], [0.5, 0.5]])
    shares = torch.tensor([1.0, 0.5, 0.5])
    expected = torch.tensor([(0.9 + 0.25) / 2, (0.3 + 0.25) / 2])
    assert torch.allclose(patch_loss(losses, 0.3, shares), expected)


def test_a_homography_takes_corners_to_corners() -> None:
    corners = torch.tensor([[[3.0, 1.0], [17.0, 2.0], [15.0, 19.0], [1.0, 14.0]]])
    square = torch.tensor([[-1.0, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]]).T
    at = homographies(corners)[0] @ square
    assert torch.allclose((at[:2] / at[2]).T, corners[0], atol=1e-4)


def test_an_upright_square_of_its_own_size_is_cut_out_unchanged() -> None:
    image = torch.rand(1, 3, 20, 30, generator=torch.Generator().manual_seed(0))
    corners = squares(torch.tensor([[12.0, 9.0]]), torch.tensor([8.0]))
    assert torch.allclose(pictures_of(image, corners, 8), image[..., 5:13, 8:16], atol=1e-5)


def test_many_pixels_are_averaged_not_skipped() -> None:
    board = (torch.arange(64)[:, None] + torch.arange(64)) % 2 * torch.ones(1, 3, 1, 1)
    corners = squares(torch.tensor([[32.0, 32.0]]), torch.tensor([64.0]))
    assert (warp_crops(board, corners, 16) - 0.5).abs().max() < 1e-5


def test_the_square_around_the_object() -> None:
    mask = torch.zeros(1, 1, 20, 30)
    mask[..., 4:8, 10:22] = 1
    assert torch.equal(object_square(mask)[0], torch.tensor([[10.0, 0], [22, 0], [22, 12], [10, 12]]))
    assert torch.isfinite(object_square(torch.zeros(1, 1, 20, 30))).all()


def test_patches_lie_on_the_object_and_repeat() -> None:
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 40:60, 8:20] = 1
    corners = random_patches(mask, 200, 10.0, seed=3)
    centres = corners.mean(1)
    assert (centres[:, 0] > 8 - 4).all() and (centres[:, 0] < 20 + 4).all()  # noqa: PT018
    assert (centres[:, 1] > 40 - 4).all() and (centres[:, 1] < 60 + 4).all()  # noqa: PT018
    sides = (corners[:, 1] - corners[:, 0]).norm(dim=1)
    assert 4 < sides.min() < sides.max() < 14.2
    assert torch.equal(corners, random_patches(mask, 200, 10.0, seed=3))
    assert not torch.equal(corners, random_patches(mask, 200, 10.0, seed=4))
    assert len(random_patches(torch.zeros(1, 1, 8, 8), 5, 4.0, 0)) == 5


def test_another_image_draws_other_patches() -> None:
    image = torch.rand(1, 3, 16, 16)
    assert seed_of(image) == seed_of(image.clone())
    assert seed_of(image) != seed_of(image + 1e-6)


def pictures():
    mask = torch.zeros(1, 1, 32, 32)
    mask[..., 6:26, 6:26] = 1
    return torch.full((1, 3, 32, 32), 0.5), mask


@pytest.mark.parametrize("term", ["whole", "patches"])
def test_descending_paints_the_object_and_nothing_else(term) -> None:
    wish = make_wish(Toy(), [("red", 1.0)])
    kind = PromptWhole("prompt", 1.0, wish) if term == "whole" else PromptPatches("prompt", 1.0, wish, 0.5)
    objective = Objective(Tiny(), (kind,))
    grey, mask = pictures()
    style, content = objective.prepare_style([(grey, 1.0)]), objective.prepare_content(grey, mask)
    paint, losses = grey.clone(), []
    for _ in range(30):
        paint.requires_grad_()
        (loss,) = objective(paint * mask + grey * (1 - mask), mask, style, content).values()
        (slope,) = torch.autograd.grad(loss, paint)
        losses.append(loss.item())
        paint = (paint - 0.05 * slope / slope.abs().amax().clamp_min(1e-9)).detach().clamp(0, 1)
    assert losses[0] == pytest.approx(1.0, abs=1e-3)  # nothing has moved
    assert losses[-1] < 0.3
    object_color = (paint * mask).sum((0, 2, 3)) / mask.sum()
    assert object_color[0] > object_color[1:].max() + 0.1
    assert torch.equal(paint * (1 - mask), grey * (1 - mask))


def test_prompts_of_one_wish_are_weighed() -> None:
    grey, mask = pictures()
    values = {}
    for name, prompts in {
        "red": [("red", 1.0)], "blue": [("blue", 1.0)], "both": [("red", 0.75), ("blue", 0.25)]
    }.items():  # fmt: skip
        objective = Objective(Tiny(), (PromptWhole("prompt", 1.0, make_wish(Toy(), prompts)),))
        content = objective.prepare_content(grey, mask)
        reddish = grey * torch.tensor([1.5, 1.0, 0.7])[None, :, None, None]
        (loss,) = objective(reddish, mask, objective.prepare_style([(grey, 1.0)]), content).values()
        values[name] = loss.item()
    assert values["red"] < 1 < values["blue"]
    assert values["both"] == pytest.approx(0.75 * values["red"] + 0.25 * values["blue"], rel=1e-5)


def test_what_is_asked_for_is_in_the_description() -> None:
    term = PromptWhole("prompt", 1.0, make_wish(Toy(), [("red", 1.0)], ("blue",)))
    assert "red" in repr(term)
    assert "blue" in repr(term)
    assert "0x" not in repr(term)  # no addresses: it is part of cache keys and reports
