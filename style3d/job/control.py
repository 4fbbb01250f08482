"""A field's annotation says what its option allows, needs and affects. Refusals and lists are made from it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum
from typing import Any, final

from style3d.errors import Style3DError
from style3d.job.values import hints


@final
@dataclass(frozen=True)
class Between:
    """The least and the largest value of a field. Concretely: ``Annotated[float, Between(0, 1)]``."""

    low: float
    high: float


@final
@dataclass(frozen=True)
class Needs:
    """Another option without which this one has no effect, by the name of its field: ``Needs("prompt")``."""

    other: str
    hint: str = ""  # what to do about it; "" names the option to add


@final
@dataclass(frozen=True)
class Excludes:
    """Another option that cannot be given beside this one, by the name of its field: ``Excludes("palette")``."""

    other: str
    why: str = ""  # a clause


@final
class Trait(Enum):
    """What an option touches. Concretely: ``Annotated[str, Trait.CONDUCT]`` for --device."""

    CONDUCT = "It does not change the picture, so the provenance of an asset leaves it out."
    TOLD_APART = "The provenance of an asset tells it in a place of its own, not among the settings."
    HOST_DECIDES = "A program that hosts the painting, such as nerfstudio, has an option of its own for it."
    NEEDS_TABLE = "It works on the scene's table of colours, which a field that nerfstudio paints does not have."


@final
@dataclass(frozen=True)
class Control:
    """An option of a job. Concretely: --strength, a number from 0 to 1, on the table of colours."""

    name: str  # of the field
    hint: Any  # its annotation
    default: Any  # dataclasses.MISSING where it must be given

    @property
    def option(self) -> str:
        """How the command line spells it."""
        return option_of(self.name)

    @property
    def marks(self) -> tuple[Any, ...]:
        """What stands beside its type."""
        return getattr(self.hint, "__metadata__", ())

    @property
    def limits(self) -> tuple[Between, ...]:
        """The ranges that a number must keep to."""
        return tuple(mark for mark in self.marks if isinstance(mark, Between))

    @property
    def needs(self) -> tuple[Needs, ...]:
        """The options that must be given, too."""
        return tuple(mark for mark in self.marks if isinstance(mark, Needs))

    @property
    def excludes(self) -> tuple[Excludes, ...]:
        """The options that must not be given, too."""
        return tuple(mark for mark in self.marks if isinstance(mark, Excludes))

    @property
    def traits(self) -> frozenset[Trait]:
        """What it touches."""
        return frozenset(mark for mark in self.marks if isinstance(mark, Trait))


def option_of(name: str) -> str:
    """How the command line spells a field: ``brush_size`` is ``--brush-size``."""
    return "--" + name.replace("_", "-")


def controls(kind: type) -> dict[str, Control]:
    """The options of a dataclass by the name of their field, in its order."""
    known = hints(kind)
    return {field.name: Control(field.name, known[field.name], field.default) for field in dataclasses.fields(kind)}


def names_with(kind: type, *traits: Trait) -> frozenset[str]:
    """The fields of a dataclass that have one of the ``traits``."""
    return frozenset(name for name, control in controls(kind).items() if control.traits & set(traits))


def check_controls(value: Any) -> None:
    """Refuse a dataclass with a number out of range, an option without what it needs, or beside what it excludes.

    Raises:
        Style3DError: names the option.
    """
    known = controls(type(value))
    given = {name for name, control in known.items() if getattr(value, name) != control.default}
    for name, control in known.items():
        if name not in given:
            continue
        for need in control.needs:
            if need.other not in given:
                other = option_of(need.other)
                raise Style3DError(f"{control.option} needs {other}", hint=need.hint or f"add {other}")
        for ban in control.excludes:
            if ban.other in given:
                why = f": {ban.why}" if ban.why else ""
                what = f"{control.option} excludes {option_of(ban.other)}{why}"
                raise Style3DError(what, hint="give one of them")
    for name, control in known.items():
        number = getattr(value, name)
        for limit in control.limits:
            if number is not None and not limit.low <= number <= limit.high:
                expected = f"{limit.low} to {limit.high}"
                raise Style3DError(f"{control.option} is out of range", got=number, expected=expected)
