"""The schedule says which view a step renders, and how long the step is."""

from __future__ import annotations

import numpy as np

SMALLEST_VIEW = 64  # pixels along the longer side, under which networks run out of layers


def visit(seed: int, stage: int, step: int, count: int) -> int:
    """The view of a step: every view once an epoch, in an order drawn anew; depends on nothing but its arguments."""
    epoch = np.random.default_rng([seed, stage, step // count]).permutation(count)
    return int(epoch[step % count])


def decay(share: float) -> float:
    """Step size over a stage, relative: full for the first third, then falling to a twentieth along a cosine."""
    falling = max(0.0, (share - 1 / 3) * 1.5)
    return 0.05 + 0.95 * 0.5 * (1 + float(np.cos(np.pi * falling)))
