"""What is to be done, as one frozen value: the command line, the Python call and the report all speak it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from style3d.errors import Style3DError

OUTPUTS = (".glb", ".gltf", ".obj", ".ply")
Preset = Literal["draft", "standard", "fine"]
Optimizer = Literal["adam", "lbfgs"]
TextureFormat = Literal["png", "jpeg", "webp"]
Features = Literal["embedded", "wavelet", "vgg19", "vgg16"]
Paint = Literal["auto", "texture", "vertices"]


@dataclass(frozen=True)
class Job:
    """Give a mesh the look of a picture: model and style in, the same asset in that style out."""

    model: Annotated[Path, tyro.conf.Positional]
    """The asset: .glb, .gltf, .obj, .ply, .stl or .off."""
    style: Annotated[tyro.conf.UseAppendAction[tuple[Path, ...]], tyro.conf.arg(metavar="IMAGE")]
    """The picture to paint like; give it again to mix several (see --style-weights)."""
    output: Path | None = None
    """File to write, .glb, .gltf, .obj or .ply; default: MODEL.styled.glb in the working folder."""
    preset: Preset = "standard"
    """How much time to spend: draft (seconds), standard (minutes), fine (more views, more pixels)."""
    style_weights: tuple[float, ...] = ()
    """Weight of each style image, in the same order; default: all equal."""
    style_scale: float = 1.0
    """Size of the brush: the picture's longer side as a multiple of the object's size."""
    content_weight: float = 1.0
    """How much of the original's drawing is kept; 0 keeps none, 2 a lot."""
    paint: Paint = "auto"
    """What is painted: texture or vertices; auto: texture, except vertices for a dense mesh without UVs."""
    views: int | None = None
    """Overviews spread around the object; default: the preset's. Close-ups are added as the texture needs."""
    resolution: int | None = None
    """Longer side of a view, pixels; default: the preset's."""
    texture_size: int | None = None
    """Longer side of the textures written, texels; default: the source's, at least 1024."""
    steps: int | None = None
    """Optimisation steps in all; default: the preset's."""
    base_color: Path | None = None
    """Picture to start from where the model names none (an OBJ without MTL)."""
    texture_format: TextureFormat = "png"
    """Image format inside the asset."""
    lighting: Literal["studio", "unlit"] = "studio"
    """Light in the views the style is judged in; the textures written hold no light of their own."""
    rasterizer: Literal["embree", "torch", "pytorch3d", "nvdiffrast"] = "embree"
    """What decides visibility."""
    features: Features = "embedded"
    """The perceptual network: embedded (ships with style3d), wavelet (no weights), vgg19, vgg16."""
    weights: Path | None = None
    """Weights of the network, .safetensors or .pth, for vgg19 and vgg16."""
    optimizer: Optimizer = "adam"
    """adam; or lbfgs, for small tables."""
    learning_rate: float | None = None
    """Step size of the optimiser; default: the preset's."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:N."""
    seed: int = 0
    """The same seed on the same machine gives the same bytes."""
    cache_gb: float = 3.0
    """Memory for built views; what does not fit is kept in a temporary file."""
    turntable: Literal["auto", "mp4", "gif", "webp", "none"] = "auto"
    """Format of the turntable written beside the asset; auto: mp4 where there is an ffmpeg, else webp."""

    def __post_init__(self) -> None:
        """Refuse what cannot work, before anything is read; text is taken for paths."""
        object.__setattr__(self, "model", Path(self.model))
        object.__setattr__(self, "style", tuple(Path(path) for path in self.style))
        if not self.style:
            raise Style3DError("no style image was given", hint="add --style IMAGE")
        if self.style_weights and len(self.style_weights) != len(self.style):
            raise Style3DError(
                "--style-weights must match --style",
                got=f"{len(self.style_weights)} weights for {len(self.style)} images",
            )
        if any(weight < 0 for weight in self.style_weights) or (self.style_weights and not sum(self.style_weights)):
            raise Style3DError("--style-weights must not be negative or all zero", got=self.style_weights)
        if self.destination.suffix.lower() not in OUTPUTS:
            raise Style3DError(f"cannot write {self.destination}", expected=", ".join(OUTPUTS))
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                option = "--" + name.replace("_", "-")
                raise Style3DError(f"{option} is out of range", got=value, expected=f"{low} to {high}")

    @property
    def destination(self) -> Path:
        """The asset file that will be written."""
        return self.output if self.output is not None else Path(f"{self.model.stem}.styled.glb")

    @property
    def mixture(self) -> tuple[tuple[Path, float], ...]:
        """Style images with weights that sum to one."""
        weights = self.style_weights or (1.0,) * len(self.style)
        return tuple((path, weight / sum(weights)) for path, weight in zip(self.style, weights, strict=True))

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the report."""
        return {field.name: _plain(getattr(self, field.name)) for field in dataclasses.fields(self)}


_RANGES: tuple[tuple[str, float, float], ...] = (
    ("style_scale", 0.05, 20),
    ("content_weight", 0, 100),
    ("views", 1, 512),
    ("resolution", 32, 4096),
    ("texture_size", 16, 8192),
    ("steps", 1, 100_000),
    ("learning_rate", 1e-6, 1.0),
    ("seed", 0, 2**63 - 1),
    ("cache_gb", 0, 1024),
)


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def job_from_report(path: Path) -> Job:
    """The job of an earlier run, from its report.json; relative paths are the report's own."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))["job"]
        known = {field.name for field in dataclasses.fields(Job)}
        if not isinstance(values, dict) or not set(values) <= known:
            raise KeyError("job")
        for name in ("model", "output", "weights", "base_color"):
            values[name] = Path(values[name]) if values.get(name) else None
        values["style"] = tuple(Path(item) for item in values["style"])
        values["style_weights"] = tuple(values.get("style_weights", ()))
        return Job(**values)
    except OSError as error:
        raise Style3DError(f"cannot read {path}", got=error.strerror, hint="give a report.json of a run") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Style3DError(f"{path} is not a report of this version", hint="give the report.json of a run") from error


@dataclass(frozen=True)
class Stage:
    """One step of coarse to fine. Concretely: 120 steps on the overviews at half resolution."""

    scale: float  # of the full resolution
    steps: int
    closeups: bool  # whether the close-ups take part
    rate: float  # Adam's step size


@dataclass(frozen=True)
class Recipe:
    """What a preset means, after the job's own numbers have had their say."""

    views: int
    resolution: int
    stages: tuple[Stage, ...]
    portraits: int  # frames of the turntable
    portrait_size: int  # pixels


def recipe(job: Job) -> Recipe:
    """The preset's numbers, with the job's in their place where given."""
    views, resolution, steps, rate, portraits, size = {
        "draft": (12, 256, (100, 100), 0.008, 24, 320),
        "standard": (24, 512, (80, 220, 180), 0.008, 36, 480),
        "fine": (40, 768, (100, 260, 360), 0.008, 60, 640),
    }[job.preset]
    if job.steps is not None:
        total = sum(steps)
        steps = tuple(max(1, round(job.steps * part / total)) for part in steps)
    last = len(steps) - 1
    stages = tuple(
        Stage(0.5 ** (last - i), count, i == last, job.learning_rate or rate * (1.0 if i == last else 1.25))
        for i, count in enumerate(steps)
    )
    return Recipe(job.views or views, job.resolution or resolution, stages, portraits, size)
