"""L-BFGS optimises all views of a stage at once. It suits small tables, where Adam stops short."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from style3d.core.pyramid import Cascade, Pyramid
from style3d.errors import Style3DError

MOST_NUMBERS = 12_000_000  # parameters of a stage; L-BFGS keeps twenty copies
HISTORY = 10


def minimise(
    pyramid: Pyramid,
    level: int,
    parts: Sequence[Cascade],
    loss: Callable[[int, Tensor], Tensor],
    steps: int,
    report: Callable[[int, float], None],
) -> None:
    """At most ``steps`` iterations (Liu & Nocedal 1989, strong Wolfe line search) on the levels from ``level`` up.

    Args:
        parts: each view's share of the pyramid; all views must be of ``level``.
        loss: the loss of view i given the colours of its entries.
        report: gets the number of iterations done and the mean loss.

    Raises:
        Style3DError: the table is too large for the history L-BFGS keeps.
    """
    tables = pyramid.parameters[level:]
    numbers = sum(table.numel() for table in tables)
    if numbers > MOST_NUMBERS:
        hint = "lower --texture-size, or use --optimizer adam"
        raise Style3DError("the table is too large for --optimizer lbfgs", got=f"{numbers:,} numbers", hint=hint)
    leaves = [table.clone().requires_grad_() for table in tables]
    solver = torch.optim.LBFGS(leaves, max_iter=1, history_size=HISTORY, line_search_fn="strong_wolfe")

    def closure() -> float:
        solver.zero_grad()
        total = 0.0
        for number, part in enumerate(parts):
            value = loss(number, part.decode(part.gather(leaves))) / len(parts)
            value.backward()  # type: ignore[no-untyped-call]
            total += float(value.detach())
        return total

    for step in range(steps):
        value = float(solver.step(closure))  # type: ignore[arg-type]
        with torch.no_grad():
            for table, leaf in zip(tables, leaves, strict=True):
                table.copy_(leaf)
        report(step + 1, value)
