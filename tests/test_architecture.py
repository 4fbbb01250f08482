"""The shape of the code: who may import whom, how long things get, and what `import style3d` may load."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "style3d"
FLOORS = {
    0: [
        "errors",
        "types",
        "camera",
        "device",
        "tour",
        "operator",
        "kernels",
        "images",
        "files",
        "progress",
        "torchvision_schemas",
        "spelling",
        "credentials",
        "optimize",
        "palette",
        "straight",
    ],
    1: ["gltf", "swatch", "scene", "where", "within", "carried", "appearance", "render", "losses"],
    2: ["mesh", "nerf"],
    3: [
        "region",
        "provenance",
        "job",
        "layers",
        "colorways",
        "symmetry",
        "strengths",
        "grain",
        "prompts",
        "styles",
        "checkpoint",
        "quasi_newton",
        "agreement",
        "loop",
        "result",
        "evaluate",
        "preview",
        "doctor",
        "scenes",
        "solid",
    ],
    4: ["plugin"],  # of nerfstudio: a command of another program, so it stands where ours do
    5: ["cli", "commands", "__init__", "__main__"],
}
FLOOR = {part: floor for floor, parts in FLOORS.items() for part in parts}
STRANGERS = [("render", "losses"), ("mesh", "nerf")]
HEAVY = [
    "torchvision",
    "nerfstudio",
    "open_clip",
    "pytorch3d",
    "nvdiffrast",
    "gsplat",
    "triton",
    "matplotlib",
    "imageio",
    "imageio_ffmpeg",
    "lpips",
    "DracoPy",
    "zstandard",
    "OpenEXR",
    "c2pa",
    "cryptography",
    "fast_simplification",
    "skimage",
]
OPTIONAL = [
    "torchvision",
    "open_clip",
    "pytorch3d",
    "nvdiffrast",
    "gsplat",
    "triton",
    "imageio",
    "imageio_ffmpeg",
    "lpips",
    "DracoPy",
    "zstandard",
    "OpenEXR",
    "c2pa",
    "cryptography",
    "fast_simplification",
    "skimage",
    "nerfstudio",
    "torchmetrics",
]  # imported late, if there
FILES = sorted(PACKAGE.rglob("*.py"))


def part(path: Path) -> str:
    """The top-level part a file belongs to: ``render`` for style3d/render/cache.py."""
    relative = path.relative_to(PACKAGE)
    if relative.stem.startswith("plugin") and relative.parts[0] == "nerf":
        return "plugin"
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Parts of style3d that a file imports, anywhere in it, with the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, (
                f"{path}:{node.lineno} imports relatively; write style3d.… so that floors can be read"
            )
            module = node.module or ""
            names = [f"style3d.{alias.name}" for alias in node.names] if module == "style3d" else [module]
        for name in names:
            if name == "style3d":
                yield "__init__", node.lineno
            elif name.startswith("style3d."):
                inner = "plugin" if name.startswith("style3d.nerf.plugin") else name.split(".")[1]
                yield inner if inner in FLOOR else "__init__", node.lineno


def outside(path: Path) -> Iterator[str]:
    """Every module a file imports, in full."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a file, nested ones and methods included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_every_part_has_a_floor() -> None:
    """A new part must be put on a floor before it can be imported."""
    assert FILES
    homeless = {part(path) for path in FILES} - set(FLOOR)
    assert not homeless, f"say in tests/test_architecture.py on which floor these live: {sorted(homeless)}"


def test_imports_go_down_only() -> None:
    """A part imports parts of lower floors, and of its own floor what stands beside it."""
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line} imports {target}"
        for path in FILES
        for target, line in imported(path)
        if FLOOR[target] > FLOOR[part(path)]
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("pair", STRANGERS)
def test_strangers_never_meet(pair: tuple[str, str]) -> None:
    """Renderers know no style and losses no 3D; meshes know no radiance fields and the other way round."""
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line} imports {target}"
        for path in FILES
        for target, line in imported(path)
        if part(path) in pair and target in pair and target != part(path)
    ]
    assert not wrong, "\n".join(wrong)


def test_same_floor_imports_make_no_circle() -> None:
    """Parts of one floor may stand on one another, as long as nobody stands on himself."""
    below = {name: set[str]() for name in FLOOR}
    for path in FILES:
        below[part(path)] |= {target for target, _ in imported(path)} - {part(path)}
    while ready := {name for name, targets in below.items() if not targets & set(below)}:
        below = {name: targets for name, targets in below.items() if name not in ready}
    assert not below, f"these import one another in a circle: {sorted(below)}"


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


def test_libraries_are_declared() -> None:
    """What is imported is in pyproject.toml, so that a plain installation lacks nothing the tests happen to bring."""
    text = (PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8")
    core = re.search(r"^dependencies = \[(.*?)^\]", text, re.DOTALL | re.MULTILINE)
    assert core
    declared = set(re.findall(r'^ +"([A-Za-z0-9_-]+)', core[1], re.MULTILINE)) | {"PIL", "yaml", "style3d", *OPTIONAL}
    used = {(name.split(".")[0], path.relative_to(PACKAGE)) for path in FILES for name in outside(path)}
    missing = [f"{path} imports {name}" for name, path in used if name not in declared | sys.stdlib_module_names]
    assert not missing, "\n".join(sorted(missing))


def test_only_the_plugin_knows_nerfstudio() -> None:
    """nerfstudio, and what comes with it, is imported by files that nerfstudio or a command asks for, and no other."""
    guests = {"nerfstudio", "torchmetrics", "nerfacc", "viser"}
    hosts = {path for path in FILES for name in outside(path) if name.split(".")[0] in guests}
    assert hosts
    assert {part(path) for path in hosts} == {"plugin"}


def test_importing_style3d_is_light() -> None:
    """Optional and heavy libraries come late, and importing says nothing."""
    code = "import sys, style3d; print([name for name in sys.argv[1:] if name in sys.modules])"
    command = [sys.executable, "-W", "error", "-c", code, *HEAVY]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PACKAGE.parent, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "[]", "")
