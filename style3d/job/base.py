"""These options exist for every kind of scene: what is painted in which style, for how long, and by which means."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import tyro

from style3d.errors import Style3DError, unknown_name
from style3d.job.cast import check_cast
from style3d.job.control import Between, Excludes, Needs, Trait, check_controls
from style3d.job.mixture import split_paths, weighted_texts
from style3d.job.preset import PRESETS, PresetName, preset_help
from style3d.job.values import RegionArgument, plain
from style3d.regions.region import Region

Optimizer = Literal["adam", "lbfgs"]
Features = Literal["embedded", "network", "wavelet", "vgg19", "vgg16", "clip"]
Turntable = Literal["auto", "mp4", "gif", "webp", "none"]
Model = Annotated[Path, tyro.conf.Positional, Trait.TOLD_APART, Trait.HOST_DECIDES]
Output = Annotated[Path | None, Trait.CONDUCT, Trait.HOST_DECIDES]
OUTPUT = "The file to write, {}. Default: {}.styled{} in the working folder."  # suffixes, the scene, the usual suffix


@dataclass(frozen=True)
class Job(ABC):
    """A job paints a scene in a style. `MeshJob` and `FieldJob` say which kind of scene.

    It reads no files. A job that cannot work raises Style3DError when it is made.
    """

    kind: ClassVar[str]
    """The command that runs it, and what the report calls it."""
    outputs: ClassVar[Sequence[str]]
    """Suffixes it can write, the usual one first."""

    model: Model
    """The scene."""
    style: Annotated[tyro.conf.UseAppendAction[tuple[Path, ...]], tyro.conf.arg(metavar="IMAGE"), Trait.TOLD_APART] = ()
    """The picture whose style is painted. Give the option again to mix several pictures. IMAGE:0.7 sets a weight,
    unless a file has that whole name. Weights of pictures and prompts are relative to one another."""
    prompt: Annotated[tyro.conf.UseAppendAction[tuple[str, ...]], tyro.conf.arg(metavar="TEXT")] = ()
    """The style in words, alone or mixed with pictures. Give the option again to mix several. TEXT:0.3 sets a weight.
    Without --clip-model, style3d draws a picture of the colours, materials, patterns and techniques in the text."""
    negative_prompt: Annotated[
        tyro.conf.UseAppendAction[tuple[str, ...]], tyro.conf.arg(metavar="TEXT"),
        Needs("prompt", "say what it should look like, too"),
    ] = ()  # fmt: skip
    """What the result should not look like, in words."""
    output: Output = None
    """The file to write. Default: MODEL.styled with the usual suffix, in the working folder."""
    preset: Annotated[PresetName, tyro.conf.arg(help=preset_help())] = "standard"
    """How much time to spend."""
    style_weights: Annotated[tuple[float, ...], Needs("style")] = ()
    """A weight for each style image, in the same order. Default: all are equal."""
    style_scale: Annotated[float | None, Between(0.05, 20)] = None
    """The size of the brush: the picture's longer side as a multiple of the object's size. Default: a size at which the
    picture's strokes show on the object."""
    form: Annotated[float | None, Between(0, 1), Trait.NEEDS_TABLE] = None
    """How much daylight the paint holds: light above, dark in folds. Choose 0 if the engine lights the asset.
    Default: assets with less contrast of their own get more."""
    cast: Annotated[tuple[str, ...], Trait.NEEDS_TABLE, tyro.conf.arg(metavar="auto|off|#PART>#AREA")] = ("auto",)
    """Which part of the asset is painted after which area of a picture. auto pairs similar colours: dark parts follow
    dark areas. off paints all parts after the whole picture. Pairs such as '#2b1d14>#0d1533' name colours of a part
    and of an area."""
    content_weight: Annotated[float, Between(0, 100)] = 1.0
    """How much of the original's drawing stays: 0 keeps none, 2 keeps a lot."""
    strength: Annotated[float, Between(0, 1), Trait.NEEDS_TABLE] = 1.0
    """How far the result goes from the original (0) to the style (1). `style3d blend` changes this later."""
    region: Annotated[tyro.conf.UseAppendAction[tuple[RegionArgument, ...]], Trait.NEEDS_TABLE] = ()
    """A part with its own style: 'material=Leather style=gold.jpg strength=0.6 brush-size=0.1 feather=0.02'.
    A material, node or mesh selects it by name; * stands for any text. A mask is an image over the textures; with
    'mask=head.png view=0042.jpg' it lies over that photo, or over an image of the contact sheet by number.
    box=x0,y0,z0,x1,y1,z1 and sphere=x,y,z,radius are in scene units. depth=near,far is the distance from the cameras;
    depth-share=0,0.4 is the nearest 40 %. Several conditions must all hold. Without --style, only regions are
    painted."""
    brush_size: Annotated[float | None, Between(1e-12, 1e12), Trait.NEEDS_TABLE] = None
    """The size of the brush: the length of the picture's longer side in scene units. It overrides --style-scale."""
    keep_detail: Annotated[float, Between(0, 10)] = 0.0
    """How much of the original's fine lines stays: 1 keeps a lot."""
    preserve_color: Annotated[bool, Excludes("palette"), Trait.NEEDS_TABLE] = False
    """Paint the style's strokes in the original's hues, so that only brightness changes."""
    palette: Annotated[tuple[str, ...], tyro.conf.arg(metavar="COLOR|IMAGE"), Trait.NEEDS_TABLE] = ()
    """The colours of the result, such as '#0b132b' '#5bc0be', or a picture that gives them."""
    symmetry: Annotated[Literal["x", "y", "z"] | None, Trait.NEEDS_TABLE] = None
    """Paint both sides of the plane across this axis alike."""
    views: Annotated[int | None, Between(1, 512)] = None
    """The number of overviews around the object. Close-ups are added as needed. Default: the preset's number."""
    resolution: Annotated[int | None, Between(32, 4096)] = None
    """The longer side of a view, in pixels. Default: the preset's size."""
    steps: Annotated[int | None, Between(1, 100_000)] = None
    """The number of optimisation steps in all. Default: the preset's number."""
    time: Annotated[
        float | None, Between(1, 10_000_000), Trait.NEEDS_TABLE, tyro.conf.arg(metavar="SECONDS"),
        Excludes("steps", "the time decides how many there are"),
        Excludes("preset", "the time decides how much is done"),
        Excludes("optimizer", "the steps of lbfgs cannot be shortened"),
    ] = None  # fmt: skip
    """Seconds from the command's start until everything is written. The pace of this machine is measured, and views,
    resolution and steps are chosen to fit. The same seed no longer gives the same bytes. Default: as the preset
    needs."""
    features: Features = "embedded"
    """The network that compares images: embedded (a network and colour patches that ship with style3d), network (that
    network alone), wavelet (filters without weights), vgg19 (from --weights, or downloaded), vgg16 (the same, smaller),
    clip (the image tower of --clip-model)."""
    weights: Path | None = None
    """A file with the weights of vgg19 or vgg16, .safetensors or .pth."""
    clip_model: str | None = None
    """A model of open_clip's for --prompt and --features clip, such as ViT-B-32 or RN50. OpenAI's weights need
    ViT-B-32-quickgelu. Default: prompts are drawn without a model; features use ViT-B-32."""
    clip_weights: str | None = None
    """The weights of --clip-model: a file, or a tag of published weights, downloaded once. Default: LAION's or
    OpenAI's."""
    optimizer: Annotated[Optimizer, Trait.HOST_DECIDES] = "adam"
    """The optimiser: adam, or lbfgs for small tables."""
    learning_rate: Annotated[float | None, Between(1e-6, 1.0)] = None
    """The step size of the optimiser. Default: the preset's value."""
    device: Annotated[str, Trait.CONDUCT, Trait.HOST_DECIDES] = "auto"
    """The device that computes: auto, cpu, cuda or cuda:N."""
    seed: Annotated[int, Between(0, 2**63 - 1)] = 0
    """The seed of all random choices. The same seed on the same machine gives the same bytes."""
    cache_gb: Annotated[float, Between(0, 1024), Trait.CONDUCT] = 3.0
    """Memory for built views, in GB. A temporary file holds the views that do not fit."""
    turntable: Annotated[Turntable, Trait.CONDUCT, Trait.HOST_DECIDES] = "auto"
    """The format of the turntable. auto writes mp4 if ffmpeg is installed, else webp."""

    def __post_init__(self) -> None:
        """Refuse what cannot work, before anything is read; text is taken for paths."""
        object.__setattr__(self, "model", Path(self.model))
        object.__setattr__(self, "output", None if self.output is None else Path(self.output))
        style, weights = split_paths(self.style, self.style_weights)
        object.__setattr__(self, "style", style)
        object.__setattr__(self, "style_weights", weights)
        if not (self.style or self.prompt or self.region):
            raise Style3DError("no style was given", hint="add --style IMAGE or --prompt TEXT")
        bare = [region for region in self.region if region.style is None and region.strength > 0]
        if not self.style and not self.prompt and bare:
            raise Style3DError(f"the region '{bare[0]}' has no style", hint="add style=IMAGE to it, or --style IMAGE")
        if self.preset not in PRESETS:
            raise unknown_name("preset", self.preset, PRESETS)
        self._check_prompts()
        check_cast(self.cast)
        if self.destination.suffix.lower() not in self.outputs:
            raise Style3DError(f"cannot write {self.destination}", expected=", ".join(self.outputs))
        check_controls(self)

    def _check_prompts(self) -> None:
        if self.prompt and not sum(weight for _, weight in weighted_texts(self.prompt)):
            raise Style3DError("the weights of --prompt are all zero", hint="leave it out instead")
        if not all(text.strip() for text in (*self.prompt, *self.negative_prompt)):
            raise Style3DError("a prompt is empty", expected="words")
        led = self.prompt and (self.clip_model is not None or self.clip_weights is not None)
        if led and not self.style and any(region.style for region in self.region):
            what = "a region's style does not mix with prompts alone that CLIP reads"
            raise Style3DError(what, hint="add --style IMAGE")
        if led and self.optimizer == "lbfgs":
            raise Style3DError("--optimizer lbfgs does not work with CLIP", hint="its patches are random; use adam")

    @property
    def destination(self) -> Path:
        """The file that will be written."""
        if self.output is not None:
            return self.output
        return Path(f"{self.model.stem}.styled{self.outputs[0]}")

    @property
    @abstractmethod
    def regions(self) -> tuple[Region, ...]:
        """Every region, later ones over earlier ones, what is protected on top."""

    @property
    @abstractmethod
    def consistency(self) -> float:
        """Weight of views' disagreement; 0 where one table of colours makes all views agree."""

    @property
    def pictures(self) -> tuple[Path, ...]:
        """Every style image, of the job and of its regions."""
        return tuple(dict.fromkeys([*self.style, *(part.style for part in self.regions if part.style is not None)]))

    @property
    def masks(self) -> tuple[Path, ...]:
        """Every image that says where a region is."""
        return tuple(dict.fromkeys(part.where.mask for part in self.regions if part.where.mask is not None))

    @property
    def mixture(self) -> tuple[tuple[Path, float], ...]:
        """Style images with weights that sum to one."""
        weights = self.style_weights or (1.0,) * len(self.style)
        return tuple((path, weight / sum(weights)) for path, weight in zip(self.style, weights, strict=True))

    @property
    def prompts(self) -> tuple[tuple[str, float], ...]:
        """Prompts with weights that sum to one."""
        pairs = weighted_texts(self.prompt)
        total = sum(weight for _, weight in pairs)
        return tuple((text, weight / total) for text, weight in pairs)

    @property
    def spoken_share(self) -> float:
        """How much of the whole mixture the prompts are: 0 without any, 1 without pictures."""
        words = sum(weight for _, weight in weighted_texts(self.prompt))
        whole = words + sum(self.style_weights or (1.0,) * len(self.style))
        return words / whole if whole else 0.0  # regions alone have styles

    def to_json(self) -> dict[str, Any]:
        """Plain values with the kind beside them, for the report."""
        fields = {field.name: plain(getattr(self, field.name)) for field in dataclasses.fields(self)}
        return {"kind": self.kind} | fields
