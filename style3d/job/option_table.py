"""The table of options in docs/controls.md is made from the fields of the jobs."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator
from dataclasses import MISSING
from inspect import getsource
from pathlib import Path
from textwrap import dedent
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import tyro

from style3d.job.base import Job
from style3d.job.control import Control, Trait, controls, option_of
from style3d.job.replay import KINDS

ARGUMENT: Any = type(tyro.conf.arg())  # where an annotation holds a help made from rows
ENDLESS = 1e9  # a limit that is there for safety alone
WORDS = {bool: "on or off", Path: "file", str: "text", int: "whole number", float: "number"}
HEAD = "| option | values | default | beside others | in the provenance | what it is |"
HOSTED = " on nerfstudio runs |"


def docs_table() -> str:
    """A table of the options that all jobs share, and one for each kind of job of those that it adds."""
    shared = controls(Job)
    parts = [_table("Every job", Job, list(shared.values()))]
    for name, kind in KINDS.items():
        own = [control for key, control in controls(kind).items() if key not in shared]
        parts.append(_table(f"`style3d {name}`", kind, own))
    return "\n\n".join(parts)


def _table(title: str, kind: type, rows: list[Control]) -> str:
    texts = _texts(kind)
    head, cells = HEAD, [_cells(control, texts[control.name]) for control in rows]
    if kind is Job:
        head, cells = head + HOSTED, [(*row, _plugin_cell(control)) for row, control in zip(cells, rows, strict=True)]
    lines = [f"### {title}", "", head, "|" + "---|" * (head.count("|") - 1)]
    return "\n".join([*lines, *("| " + " | ".join(row).replace("  ", " ") + " |" for row in cells)])


def _cells(control: Control, text: str) -> tuple[str, ...]:
    name = control.name.upper() if control.default is MISSING else control.option
    ranges = [
        f"{limit.low:,}" + (f" to {limit.high:,}" if limit.high < ENDLESS else " or more") for limit in control.limits
    ]
    goes = [f"needs `{option_of(need.other)}`" for need in control.needs]
    goes += [f"not with `{option_of(ban.other)}`" for ban in control.excludes]
    helps = [mark.help for mark in control.marks if isinstance(mark, ARGUMENT) and mark.help]
    help_text = helps[0] if helps else text
    values = ranges[0] if ranges else _values(control.hint)
    told = "no" if Trait.CONDUCT in control.traits else "apart" if Trait.TOLD_APART in control.traits else "yes"
    return f"`{name}`", values, _default(control.default), ", ".join(goes), told, help_text


def _values(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin is tuple:
        return f"{_values(arguments[0])}; several"
    if origin is Annotated:
        return _values(arguments[0])
    if origin in (Union, types.UnionType):
        return _values(next(part for part in arguments if part is not type(None)))
    return WORDS.get(hint, "text")


def _default(value: Any) -> str:
    if value is MISSING:
        return "must be given"
    plain = ", ".join(value) if isinstance(value, tuple) else value
    return "" if plain is None or plain is False or plain == "" else f"`{plain}`"


def _plugin_cell(control: Control) -> str:
    if Trait.NEEDS_TABLE in control.traits:
        return "no"
    return "nerfstudio's own" if Trait.HOST_DECIDES in control.traits else "yes"


def _texts(kind: type) -> dict[str, str]:
    """What stands below each field of a class and of the classes above it, the uppermost first."""
    found: dict[str, str] = {}
    for above in reversed([part for part in kind.__mro__ if issubclass(part, Job)]):
        for name, text in _texts_of(above):
            found.setdefault(name, text)
    return found


def _texts_of(kind: type) -> Iterator[tuple[str, str]]:
    tree = ast.parse(dedent(getsource(kind))).body[0]
    assert isinstance(tree, ast.ClassDef)
    for field, below in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
            yield field.target.id, " ".join(str(ast.literal_eval(below.value)).split())
