"""The axes of a plot turn numbers into pixels, and place the ticks."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np
from jaxtyping import Float64

Values = Float64[np.ndarray, "values"]


@dataclass(frozen=True)
class Axis:
    """One direction of a plot. Concretely: losses from 0.01 to 3 on a log scale, drawn from pixel 480 up to 20."""

    low: float
    high: float
    start: float  # pixel of ``low``
    end: float  # pixel of ``high``
    log: bool

    def at(self, values: Values) -> Values:
        """Pixels of the values; on a log scale values that are not positive become NaN."""
        if not self.log:
            share = (values - self.low) / (self.high - self.low)
        else:
            positive = np.where(values > 0, values, np.nan)
            share = (np.log10(positive) - log10(self.low)) / (log10(self.high) - log10(self.low))
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round numbers inside the axis: powers of ten, with 2 and 5 between them where there are few."""
        if not self.log:
            return _round_steps(self.low, self.high)
        decades = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
        stride = ceil(len(decades) / 7)
        powers = [10.0**decade for decade in decades[::stride]]
        dense = [power * digit for power in powers for digit in (1, 2, 5)]
        inside = [tick for tick in (dense if len(decades) <= 4 else powers) if self.low <= tick <= self.high]
        return inside if len(inside) > 1 else _round_steps(self.low, self.high)


def log_axis(values: Values, start: float, end: float) -> Axis:
    """An axis around the values: logarithmic if any is positive, with a little room at both ends."""
    finite = values[np.isfinite(values)]
    positive = finite[finite > 0]
    if positive.size:
        return Axis(float(positive.min()) / 1.15, float(positive.max()) * 1.15, start, end, True)
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    room = 0.05 * (high - low) or 1.0
    return Axis(low - room, high + room, start, end, False)


def _round_steps(low: float, high: float, wanted: int = 6) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten, two at least and about ``wanted``."""
    power = 10.0 ** floor(log10((high - low) / wanted))
    step = next(power * digit for digit in (1, 2, 5, 10) if power * digit * wanted >= high - low)
    return [float(index * step) for index in range(ceil(low / step), floor(high / step) + 1)]


def tick_text(value: float) -> str:
    """A short number: 0.05, 20, 1500, 2e-06."""
    return f"{value:.4g}" if value == 0 or 1e-4 <= abs(value) < 1e6 else f"{value:.0e}"
