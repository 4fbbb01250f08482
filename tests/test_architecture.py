"""The shape of the code: who may import whom, how long things get, and what `import style3d` may load."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from style3d.optional.libraries import LIBRARIES

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "style3d"
FLOORS = (
    ("errors", "types", "progress", "device", "images", "remarks", "files", "optional"),
    ("core", "color", "gltf", "ply", "preview"),
    ("regions", "losses"),
    ("render", "prompt_pictures", "job"),
    ("mesh", "nerf", "nerf.capture", "nerf.splats", "nerf.grid"),
    ("paint",),
    ("load_scene", "scene_kinds", "mesh_from_field"),
    ("evaluate", "evaluate.footage", "evaluate.metrics", "evaluate.report"),
    ("batch", "serve", "nerf.nerfstudio"),  # the latter: a command of another program, so it stands where ours do
    ("", "commands", "cli", "__main__"),
)
FLOOR = {f"style3d.{room}".rstrip("."): floor for floor, rooms in enumerate(FLOORS) for room in rooms}
STRANGERS = [("style3d.render", "style3d.losses"), ("style3d.mesh", "style3d.nerf")]
OPTIONAL = sorted({name for row in LIBRARIES for name in (row.module, *row.brings)} | {"triton"})  # comes with torch
HEAVY = [*OPTIONAL, "matplotlib", "imageio"]
FILES = sorted(PACKAGE.rglob("*.py"))
TOOLS = [path for room in ("scripts", "examples", "data", "tests/helpers") for path in ROOT.glob(f"{room}/**/*.py")]
PLUGIN = FLOOR["style3d.nerf.nerfstudio"]
MOST_ARGUMENTS = 9  # of a compiled loop: a place in the view, one in the picture, and what both are read from
# Without those that are verbs or nouns as well: read, run, put, set, split, spread, ground, bound.
PARTICIPLE = re.compile(
    r"[a-z]*[^e]ed|"
    r"begun|bent|broken|brought|built|caught|chosen|done|drawn|driven|eaten|fallen|fed|felt|"
    r"forgotten|found|frozen|given|gone|grown|heard|held|hidden|kept|known|laid|led|left|"
    r"lent|lit|lost|made|meant|met|paid|risen|said|seen|sent|shown|shrunk|sold|sought|"
    r"spent|spoken|stolen|stood|struck|sung|sunk|swept|taken|taught|thought|thrown|told|torn|"
    r"unheard|unknown|unseen|wanted|won|worn|wound|woven|written"
)


def module_of(path: Path) -> str:
    """The dotted name of a file: ``style3d.render.cache``."""
    return ".".join(("style3d", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


MODULES = {module_of(path) for path in FILES}


def room(module: str) -> str:
    """The room of a module: the longest name on `FLOORS` that it is, or lies under."""
    while module not in FLOOR:
        module = module.rpartition(".")[0]
    return module


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """All of a file's syntax; each file is read once."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def own_imports(path: Path) -> Iterator[tuple[str, int]]:
    """Modules of style3d that a file imports, anywhere in it, with the line."""
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names if alias.name.split(".")[0] == "style3d")
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, (
                f"{path}:{node.lineno} imports relatively; write style3d.… so that floors can be read"
            )
            module = node.module or ""
            if module.split(".")[0] == "style3d":
                for alias in node.names:
                    inner = f"{module}.{alias.name}"
                    yield (inner if inner in MODULES else module), node.lineno


def all_imports(path: Path) -> Iterator[str]:
    """Every module a file imports, in full."""
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a file, nested ones and methods included."""
    for node in nodes_of(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_every_room_is_inhabited() -> None:
    """Every name on `FLOORS` is a module or a folder, and only `style3d` itself stands for what has no room."""
    empty = {name for name in FLOOR if not any(module == name or module.startswith(f"{name}.") for module in MODULES)}
    assert not empty, f"these rooms of tests/test_architecture.py are empty: {sorted(empty)}"
    homeless = {module for module in MODULES if room(module) == "style3d"} - {"style3d"}
    assert not homeless, f"say in tests/test_architecture.py on which floor these live: {sorted(homeless)}"


def test_few_modules_have_no_room() -> None:
    """Someone new reads the list of rooms, and not a list of everything."""
    loose = [path.name for path in PACKAGE.glob("*.py") if not path.name.startswith("__")]
    assert len(loose) < 10, f"find a room for one of {loose}"


def test_imports_go_down_only() -> None:
    """A room imports rooms of lower floors, and of its own floor what stands beside it."""
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line} imports {target}"
        for path in FILES
        for target, line in own_imports(path)
        if FLOOR[room(target)] > FLOOR[room(module_of(path))]
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("pair", STRANGERS)
def test_strangers_never_meet(pair: tuple[str, str]) -> None:
    """Renderers know no style and losses no 3D; meshes know no radiance fields and the other way round."""

    def side(module: str) -> str | None:
        return next((name for name in pair if room(module) == name or room(module).startswith(f"{name}.")), None)

    wrong = [
        f"{path.relative_to(PACKAGE)}:{line} imports {target}"
        for path in FILES
        if side(module_of(path)) and FLOOR[room(module_of(path))] < PLUGIN
        for target, line in own_imports(path)
        if side(target) and side(target) != side(module_of(path))
    ]
    assert not wrong, "\n".join(wrong)


def circles(edges: dict[str, set[str]]) -> list[str]:
    """What is left of a graph once everything that stands on nothing left is taken away, again and again."""
    while ready := {name for name, targets in edges.items() if not (targets - {name}) & set(edges)}:
        edges = {name: targets for name, targets in edges.items() if name not in ready}
    return sorted(edges)


def test_rooms_make_no_circle() -> None:
    """Rooms of one floor may stand on one another, as long as nobody stands on himself."""
    edges = {name: set[str]() for name in FLOOR}
    for path in FILES:
        edges[room(module_of(path))] |= {room(target) for target, _ in own_imports(path)}
    assert not circles(edges), f"these rooms import one another in a circle: {circles(edges)}"


def test_files_make_no_circle() -> None:
    """No file stands on itself, not even by way of imports inside functions."""
    edges = {module_of(path): {target for target, _ in own_imports(path)} for path in FILES}
    assert not circles(edges), f"these files import one another in a circle: {circles(edges)}"


def test_design_names_every_room() -> None:
    """The table of rooms in docs/design.md names what `FLOORS` names, floor by floor."""
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| `(.+?)` \|", text.partition("## Rooms")[2], re.MULTILINE)
    told = {(int(floor), name) for floor, names in rows for name in names.split("`, `")}
    assert told == {(floor, room or "__init__") for floor, rooms in enumerate(FLOORS) for room in rooms}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_file_is_small_and_annotated(path: Path) -> None:
    """At most 350 lines a file and 60 a function; every argument and every return value has a type."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350
    for function in functions(path):
        where = f"{path.relative_to(PACKAGE)}:{function.lineno} {function.name}"
        assert (function.end_lineno or 0) - function.lineno < 60, f"{where} is longer than 60 lines"
        arguments = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
        arguments += [extra for extra in (function.args.vararg, function.args.kwarg) if extra]
        bare = [a.arg for a in arguments if a.annotation is None and a.arg not in ("self", "cls")]
        assert not bare, f"{where} does not annotate {bare}"
        assert function.returns is not None, f"{where} does not say what it returns"


def test_class_names_are_unique() -> None:
    """One word stands for one thing: no two classes of the package share a name."""
    homes: dict[str, list[str]] = {}
    for path in FILES:
        for node in nodes_of(path):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(f"{path.relative_to(PACKAGE)}:{node.lineno}")
    shared = [f"{name}: {', '.join(places)}" for name, places in homes.items() if len(places) > 1]
    assert not shared, "\n".join(shared)


def test_functions_are_not_lone_participles() -> None:
    """What acts is named by a verb, what gives a thing by that thing: `check_paint`, `seen_entries`, not `seen`."""
    wrong = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
        for path in (*FILES, *TOOLS)
        for function in functions(path)
        if PARTICIPLE.fullmatch(function.name.strip("_"))
    ]
    assert not wrong, "say what is done or what is given:\n" + "\n".join(wrong)


def test_compiled_loops_take_records() -> None:
    """What belongs together reaches a compiled loop as one NamedTuple, and not as a row of loose arguments."""
    wrong = [
        f"{path.relative_to(PACKAGE)}:{function.lineno} {function.name}"
        for path in FILES
        for function in functions(path)
        if any("njit" in ast.unparse(decorator) for decorator in function.decorator_list)
        and len(function.args.args) > MOST_ARGUMENTS
    ]
    assert not wrong, "\n".join(wrong)


def test_networks_have_one_base() -> None:
    """Whatever compares images or reads text moves, digests and freezes its weights in one way."""
    wrong = [
        f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name}"
        for path in FILES
        for node in nodes_of(path)
        if isinstance(node, ast.ClassDef)
        and {"Features", "Encoder"} & {ast.unparse(base) for base in node.bases}
        and "FixedNetwork" not in {ast.unparse(base) for base in node.bases}
    ]
    assert not wrong, "\n".join(wrong)


def test_luminance_is_weighed_in_one_place() -> None:
    """The shares of red, green and blue in luminance are written once for each standard."""
    writes = re.compile(r"(?<!\d)0?\.(?:299|587|114|2126|7152|0722)\b")
    homes = {path.relative_to(PACKAGE).as_posix() for path in FILES if writes.search(path.read_text(encoding="utf-8"))}
    assert homes == {"color/match.py"}


def test_libraries_are_declared() -> None:
    """What is imported is in pyproject.toml, so that a plain installation lacks nothing the tests happen to bring."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    core = re.search(r"^dependencies = \[(.*?)^\]", text, re.DOTALL | re.MULTILINE)
    assert core
    declared = set(re.findall(r'^ +"([A-Za-z0-9_-]+)', core[1], re.MULTILINE)) | {"PIL", "yaml", "style3d", *OPTIONAL}
    used = {(name.split(".")[0], path.relative_to(PACKAGE)) for path in FILES for name in all_imports(path)}
    missing = [f"{path} imports {name}" for name, path in used if name not in declared | sys.stdlib_module_names]
    assert not missing, "\n".join(sorted(missing))


def test_only_the_plugin_knows_nerfstudio() -> None:
    """nerfstudio, and what comes with it, is imported by files that nerfstudio or a command asks for, and no other."""
    guests = {"nerfstudio", "torchmetrics", "nerfacc", "viser"}
    hosts = {path for path in FILES for name in all_imports(path) if name.split(".")[0] in guests}
    assert hosts
    assert {FLOOR[room(module_of(path))] for path in hosts} == {PLUGIN}


def test_importing_style3d_is_light() -> None:
    """Optional and heavy libraries come late, and importing says nothing."""
    code = "import sys, style3d; print([name for name in sys.argv[1:] if name in sys.modules])"
    command = [sys.executable, "-W", "error", "-c", code, *HEAVY]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "[]", "")
