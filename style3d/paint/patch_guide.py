"""The guide says what a drawing asks of patches: how light, how coloured, how busy, and which way their strokes go.

Light is compared by rank: the darkest of what takes from one source asks for the darkest there. A textured asset
keeps half of its own light beside that. A plain one has no colours to ask for, so its patches answer for light alone.
Busyness goes by rank alone: the pictures' calm areas cover what is smooth, their crowded ones folds and edges.
Strokes go along the drawing's lines: edges, and the lines of equal light that follow the form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Bool, Float, Float32, Int64
from scipy.ndimage import gaussian_filter

from style3d.color.match import LUMA
from style3d.paint.form import Drawing
from style3d.paint.patch_search import Taste

WEIGHT, SPREAD = 1.0, 0.04  # of `Taste`, at the usual weight of the content
LOOSE, EVEN = 0.5, 0.35  # share of the weight that a drawing of light alone does without, and its spread
RANKED = 0.5  # of a textured drawing's light that follows the pictures' by rank; all of a plain one's
DRAWN, PICTURED = 1.0, 1.8  # pixels, deviations of the blurs: strokes of a picture that are finer answer for nothing
FLOW, BUSY = 0.04, 6.0  # of `Taste`
CROWD, NEARBY = 3.0, 4.0  # pixels, deviations: within which a place is busy, and of the blur of a drawing's busyness
DRAWN_LINES, STROKES = (1.5, 4.0), (1.0, 2.0)  # pixels, for `flow_of` drawings and pictures
FAINT = 1e-6  # squared difference of light per pixel, under which there are no lines
SPEAKING = 0.08  # contrast of a drawing from which it is followed
RANKS = 256  # at which a picture's light and busyness are kept

Picture = Float32[np.ndarray, "h w 3"]
Asked = Float32[np.ndarray, "h w 6"]  # a colour, a direction as `flow_of` has it, and how busy


@final
@dataclass(frozen=True)
class Guide:
    """What makes a patch fit a drawing. Concretely, for a white statue: half of the weight, no colours, all by rank.

    Args:
        taste: weights of the guide's colour and direction, and of an even use of the pictures.
        colors: how much of a colour's distance from grey counts, 0 to 1.
        rank: how much of the light follows the pictures' by rank, 0 to 1.
    """

    taste: Taste
    colors: float
    rank: float

    def of_picture(self, picture: Picture) -> Asked:
        """What patches around each pixel answer with."""
        return _join(self._mute(_blur(picture, PICTURED)), flow_of(picture, *STROKES), busyness_of(picture))

    def of_drawing(
        self,
        drawing: Picture,
        source: Int64[np.ndarray, "h w"],
        solid: Bool[np.ndarray, "h w"],
        ranks: Float32[np.ndarray, "sources 2 n"],
    ) -> Asked:
        """What each pixel of a view asks for.

        Args:
            drawing: the view, display-referred.
            source: what each pixel takes from: each is ranked by itself.
            solid: where there is something to paint.
            ranks: `ranks_of` the pictures.
        """
        asked, busy = self._mute(_blur(drawing, DRAWN)), gaussian_filter(busyness_of(drawing), NEARBY)
        for number, (lights, crowds) in enumerate(ranks):
            here = solid & (source == number)
            light = asked[here] @ _LUMA
            asked[here] += (self.rank * (_by_rank(light, lights) - light))[:, None]
            busy[here] = _by_rank(busy[here], crowds)
        return _join(asked, flow_of(drawing, *DRAWN_LINES), busy)

    @staticmethod
    def ranks_of(answers: Asked, allowed: Bool[np.ndarray, "sources h w"]) -> Float32[np.ndarray, "sources 2 n"]:
        """Of `of_picture`, the light and the busyness of the places that each source has, from the least of each."""
        ranks = (np.arange(RANKS) + 0.5) / RANKS
        both = answers[..., :3] @ _LUMA, answers[..., 5]
        return np.stack([[_at_ranks(np.sort(one[places]), ranks) for one in both] for places in allowed])

    def _mute(self, image: Picture) -> Picture:
        light = (image @ _LUMA)[..., None]
        return np.ascontiguousarray(light + self.colors * (image - light), dtype=np.float32)


def guide_of(content: float, drawing: Drawing) -> Guide:
    """The guide of a drawing: with the content's weight; by light alone, as far as it is plain.

    A flat one says nothing that patches could follow: they only have to fit each other.
    """
    content, plain = content * min(1.0, drawing.contrast / SPEAKING), drawing.plain
    even, close = SPREAD + (EVEN - SPREAD) * plain, content * (1 - LOOSE * plain)
    taste = Taste(WEIGHT * close, FLOW * content, BUSY * close, even)
    return Guide(taste, 1 - plain, RANKED + (1 - RANKED) * plain)


def flow_of(image: Picture, fine: float, broad: float) -> Float32[np.ndarray, "h w 2"]:
    """The direction of an image's lines: cosine and sine of twice its angle from a row, times coherence, 0 to 1.

    The eigenvector of the structure tensor with the smaller eigenvalue (Bigün & Granlund 1987).

    Args:
        image: display-referred.
        fine: pixels, deviation of the derivatives.
        broad: pixels, deviation of the window in which directions are averaged.
    """
    light = (image @ _LUMA).astype(np.float32)
    down, right = gaussian_filter(light, fine, (1, 0)), gaussian_filter(light, fine, (0, 1))
    rows, both, columns = (gaussian_filter(one, broad) for one in (down * down, down * right, right * right))
    return np.stack([rows - columns, -2 * both], 2) / (rows + columns + FAINT)[..., None]


def busyness_of(image: Picture) -> Float32[np.ndarray, "h w"]:
    """The deviation of light around each pixel."""
    light = (image @ _LUMA).astype(np.float32)
    mean, square = gaussian_filter(light, CROWD), gaussian_filter(light * light, CROWD)
    return np.sqrt(np.maximum(square - mean * mean, 0))


_LUMA = np.array(LUMA, np.float32)


def _by_rank(values: Float32[np.ndarray, "n"], wanted: Float32[np.ndarray, "m"]) -> Float32[np.ndarray, "n"]:
    """As many values as before, in their order, distributed as ``wanted``, which is sorted."""
    ranks = np.empty(len(values))
    ranks[np.argsort(values, kind="stable")] = (np.arange(len(values)) + 0.5) / max(len(values), 1)
    return _at_ranks(wanted, ranks)


def _at_ranks(values: Float32[np.ndarray, "m"], ranks: Float[np.ndarray, "n"]) -> Float32[np.ndarray, "n"]:
    """Of sorted values."""
    own = (np.arange(len(values)) + 0.5) / len(values)
    return np.interp(ranks, own, values).astype(np.float32)


def _join(color: Picture, flow: Float32[np.ndarray, "h w 2"], busy: Float32[np.ndarray, "h w"]) -> Asked:
    return np.concatenate([color, flow, busy[..., None]], 2)


def _blur(image: Picture, deviation: float) -> Picture:
    return np.asarray(gaussian_filter(image, (deviation, deviation, 0)), np.float32)
