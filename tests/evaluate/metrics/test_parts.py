"""Parts that differ and are even give 1, a uniform repaint 0, and strokes within a part take nothing away."""

from __future__ import annotations

import numpy as np
import pytest

from style3d.evaluate.metrics.parts import between_parts, part_numbers

SIZE = 96
INSIDE = [np.ones((SIZE, SIZE), dtype=bool)]
RED, BLUE, GREEN = (np.array(color, np.float32) for color in ((0.8, 0.2, 0.2), (0.1, 0.2, 0.7), (0.2, 0.6, 0.2)))


def halves(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    image = np.empty((SIZE, SIZE, 3), np.float32)
    image[:, : SIZE // 2], image[:, SIZE // 2 :] = left, right
    return image


def apart(painted: np.ndarray, original: np.ndarray | None = None) -> float | None:
    return between_parts([painted], part_numbers([halves(RED, BLUE) if original is None else original], INSIDE))


def noise(amount: float) -> np.ndarray:
    return np.float32(np.random.default_rng(0).uniform(-amount, amount, (SIZE, SIZE, 3)))


def test_even_parts_that_differ() -> None:
    assert apart(halves(RED, BLUE)) == pytest.approx(1)
    assert apart(halves(GREEN, RED)) == pytest.approx(1)  # in whatever colours


def test_parts_that_do_not_differ() -> None:
    assert apart(halves(GREEN, GREEN)) == 0
    stripes = np.where(np.arange(SIZE)[:, None, None] < SIZE // 2, RED, BLUE) * np.ones((1, SIZE, 1), np.float32)
    assert apart(stripes) == pytest.approx(0, abs=0.01)  # colours are there, but across both parts


def test_strokes_are_blurred_away_and_blotches_are_not() -> None:
    assert (apart(halves(GREEN, RED) + noise(0.2)) or 0) > 0.95
    blotches = np.kron(np.random.default_rng(1).uniform(-0.5, 0.5, (4, 4, 3)), np.ones((24, 24, 1)))
    assert (apart(np.float32(np.clip(0.5 + 0.2 * (halves(GREEN, RED) - 0.5) + blotches, 0, 1))) or 1) < 0.5


def test_half_of_the_variance() -> None:
    """Greys whose L* is 30 and 70 within a part, and 40 apart between the parts: half of it is between."""
    grey = {tone: np.full(3, value, np.float32) for tone, value in ((30, 0.2786), (50, 0.4663), (70, 0.6708))}
    wide = np.arange(SIZE)[:, None, None] < SIZE // 2
    image = np.where(wide, halves(grey[30], grey[50]), halves(grey[50], grey[70]))
    assert apart(np.float32(image)) == pytest.approx(0.5, abs=0.02)


def test_one_colour_has_no_parts() -> None:
    assert apart(halves(RED, BLUE), halves(RED, RED)) is None
    assert between_parts([], []) is None
    nothing = [np.zeros((SIZE, SIZE), dtype=bool)]
    assert between_parts([halves(RED, BLUE)], part_numbers([halves(RED, BLUE)], nothing)) is None


def test_parts_are_the_same_in_every_view() -> None:
    """What is red in one view is the part that is red in another."""
    first, second = part_numbers([halves(RED, BLUE), halves(BLUE, RED)], INSIDE * 2)
    assert np.array_equal(first, second[:, ::-1])
    assert between_parts([halves(GREEN, RED), halves(RED, GREEN)], [first, second]) == pytest.approx(1)
    assert between_parts([halves(GREEN, RED), halves(GREEN, RED)], [first, second]) == pytest.approx(0, abs=1e-6)
