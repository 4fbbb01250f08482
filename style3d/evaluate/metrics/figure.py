"""A figure is a number that says what it was measured with, so that it can be compared with another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

from style3d.errors import Style3DError

Better = Literal["lower", "higher", "neither"]


@final
@dataclass(frozen=True)
class Figure:
    """One measured number. Concretely: consistency.1.rmse = 0.021 over 36 pairs of 256×256, valid pixels only.

    A figure that could not be measured has no value, and its ``note`` says what it lacks.
    """

    name: str
    value: float | None
    better: Better
    views: int = 0  # images, or pairs of images, that the number is a mean over
    resolution: str = ""  # pixels of a view, "256×256"
    mask: str = ""  # which pixels counted
    network: str = ""  # empty: none takes part
    digest: str = ""  # sha256 (hex) of the network's weights
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values; what is not finite becomes null, which JSON can hold."""
        value = self.value if self.value is not None and math.isfinite(self.value) else None
        return {
            "name": self.name, "value": value, "better": self.better, "views": self.views,
            "resolution": self.resolution, "mask": self.mask, "network": self.network, "digest": self.digest,
            "note": self.note,
        }  # fmt: skip


def absent(name: str, better: Better, why: str) -> Figure:
    """A figure that cannot be measured here, and why."""
    return Figure(name, None, better, note=f"absent: {why}")


@final
@dataclass(frozen=True)
class Limit:
    """A bound that a figure must keep. Concretely: style.gram <= 0.3."""

    name: str
    bound: float
    at_least: bool  # else: at most

    def __str__(self) -> str:
        """As it is written on the command line."""
        return f"{self.name}{'>=' if self.at_least else '<='}{self.bound:g}"

    def complaint(self, figures: Sequence[Figure]) -> str:
        """Nothing when the bound is kept, else one line that says how it is not; an absent figure keeps none."""
        named = {figure.name: figure for figure in figures}
        if self.name not in named:
            return f"{self} is not kept: {self.name} was not measured"
        value = named[self.name].value
        if value is None or not math.isfinite(value):
            return f"{self} is not kept: {self.name} is {named[self.name].note or 'absent'}"
        kept = value >= self.bound if self.at_least else value <= self.bound
        return "" if kept else f"{self} is not kept: {self.name} is {value:.4g}"

    def shortfall(self, figures: Sequence[Figure]) -> float:
        """How far from kept, relative to the bound: 0 when it is kept, 1 when the figure is absent."""
        if not self.complaint(figures):
            return 0.0
        value = next((figure.value for figure in figures if figure.name == self.name), None)
        if value is None or not math.isfinite(value):
            return 1.0
        return abs(value - self.bound) / max(abs(self.bound), 1e-9)


def parse_limit(text: str) -> Limit:
    """``name>=0.5`` or ``name<=0.3``.

    Raises:
        Style3DError: anything else.
    """
    for sign, at_least in ((">=", True), ("<=", False)):
        name, found, bound = text.partition(sign)
        if found and name.strip():
            return named_limit(name.strip(), bound, at_least)
    raise Style3DError("a threshold cannot be understood", got=repr(text), expected="name>=number or name<=number")


def named_limit(name: str, bound: str, at_least: bool) -> Limit:
    """A limit whose number is still text.

    Raises:
        Style3DError: it is no finite number.
    """
    try:
        number = float(bound)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Style3DError(f"the threshold of {name} is not a number", got=repr(bound), expected="a number")
    return Limit(name, number, at_least)
