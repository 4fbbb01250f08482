"""These options exist for every kind of scene: what is painted in which style, for how long, and by which means."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import tyro

from style3d.errors import Style3DError, unknown
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
OUTPUT = "File to write, {}; default: MODEL.styled{} in the working folder."  # help, with suffixes and the usual one


@dataclass(frozen=True)
class Job(ABC):
    """A scene and a style in, the same scene in that style out; `MeshJob` and `FieldJob` say of what kind."""

    kind: ClassVar[str]
    """The command that runs it, and what the report calls it."""
    outputs: ClassVar[Sequence[str]]
    """Suffixes it can write, the usual one first."""

    model: Model
    """The scene."""
    style: Annotated[tyro.conf.UseAppendAction[tuple[Path, ...]], tyro.conf.arg(metavar="IMAGE"), Trait.TOLD_APART] = ()
    """The picture to paint like; give it again to mix several. IMAGE:0.7 gives it a weight, unless there is a file of
    that whole name; weights of pictures and prompts are relative to one another."""
    prompt: Annotated[tyro.conf.UseAppendAction[tuple[str, ...]], tyro.conf.arg(metavar="TEXT")] = ()
    """What it should look like, in words, beside pictures or instead; give it again to mix several. TEXT:0.3 gives it a
    weight. Without --clip-model a picture is drawn of the colours, materials, patterns and techniques it names."""
    negative_prompt: Annotated[
        tyro.conf.UseAppendAction[tuple[str, ...]], tyro.conf.arg(metavar="TEXT"),
        Needs("prompt", "say what it should look like, too"),
    ] = ()  # fmt: skip
    """What it should not look like, in words; needs --prompt."""
    output: Output = None
    """File to write; default: MODEL.styled with the usual suffix, in the working folder."""
    preset: Annotated[PresetName, tyro.conf.arg(help=preset_help())] = "standard"
    """How much time to spend."""
    style_weights: Annotated[tuple[float, ...], Needs("style")] = ()
    """Weight of each style image, in the same order, if not written behind it; default: all equal."""
    style_scale: Annotated[float | None, Between(0.05, 20)] = None
    """Size of the brush: the picture's longer side as a multiple of the object's size; default: so that the picture's
    own strokes are seen on the object."""
    form: Annotated[float | None, Between(0, 1), Trait.NEEDS_TABLE] = None
    """How much daylight is painted in, from the shape: light above, dark in folds; 0 for engines that light all.
    Default: the more, the less contrast the asset has of its own."""
    cast: Annotated[tuple[str, ...], Trait.NEEDS_TABLE, tyro.conf.arg(metavar="auto|off|#PART>#AREA")] = ("auto",)
    """Which part of the asset is painted after which area of a picture. auto: dark after dark, green after green; off:
    all after the whole picture; or pairs such as '#2b1d14>#0d1533', the colour of a part and of an area."""
    content_weight: Annotated[float, Between(0, 100)] = 1.0
    """How much of the original's drawing is kept; 0 keeps none, 2 a lot."""
    strength: Annotated[float, Between(0, 1), Trait.NEEDS_TABLE] = 1.0
    """How far to go from the original (0) to the style (1); `style3d blend` changes it afterwards."""
    region: Annotated[tyro.conf.UseAppendAction[tuple[RegionArgument, ...]], Trait.NEEDS_TABLE] = ()
    """A part with a look of its own: 'material=Leather style=gold.jpg strength=0.6 brush-size=0.1 feather=0.02'.
    The part is a material, node or mesh (a name, * for any text), a mask (an image in texture space; with
    'mask=head.png view=0042.jpg' one drawn over that photo, or over a number of the contact sheet), a
    box=x0,y0,z0,x1,y1,z1 or a sphere=x,y,z,radius in scene units, what lies depth=near,far from the cameras or is the
    depth-share=0,0.4 nearest of what they see, or where several of them meet. Without --style nothing else is
    painted."""
    brush_size: Annotated[float | None, Between(1e-12, 1e12), Trait.NEEDS_TABLE] = None
    """Size of the brush in scene units: how long the picture's longer side is. Overrides --style-scale."""
    keep_detail: Annotated[float, Between(0, 10)] = 0.0
    """How much of the original's fine lines is kept; 1 is a lot."""
    preserve_color: Annotated[bool, Excludes("palette"), Trait.NEEDS_TABLE] = False
    """Paint the style's strokes in the original's hues: only the brightness changes."""
    palette: Annotated[tuple[str, ...], tyro.conf.arg(metavar="COLOR|IMAGE"), Trait.NEEDS_TABLE] = ()
    """Colours of the result, like '#0b132b' '#5bc0be', or a picture to take them from."""
    symmetry: Annotated[Literal["x", "y", "z"] | None, Trait.NEEDS_TABLE] = None
    """Paint both sides of the plane across this axis alike."""
    views: Annotated[int | None, Between(1, 512)] = None
    """Overviews spread around the object; default: the preset's. Close-ups are added as needed."""
    resolution: Annotated[int | None, Between(32, 4096)] = None
    """Longer side of a view, pixels; default: the preset's."""
    steps: Annotated[int | None, Between(1, 100_000)] = None
    """Optimisation steps in all; default: the preset's."""
    features: Features = "embedded"
    """The perceptual network: embedded (colour patches and a network that ship with style3d), network (that network
    alone), wavelet (filters without weights), vgg19 (--weights, or downloaded), vgg16 (the same, smaller), clip (the
    image tower of --clip-model)."""
    weights: Path | None = None
    """Weights of the network, .safetensors or .pth, for vgg19 and vgg16."""
    clip_model: str | None = None
    """A model that open_clip lists, for --prompt and --features clip (such as ViT-B-32, RN50, ViT-B-32-quickgelu for
    OpenAI's weights); default: for prompts none, they are drawn; for features ViT-B-32."""
    clip_weights: str | None = None
    """Its weights: a file, or a tag of published ones, downloaded once; default: LAION's or OpenAI's."""
    optimizer: Annotated[Optimizer, Trait.HOST_DECIDES] = "adam"
    """adam; or lbfgs, for small tables."""
    learning_rate: Annotated[float | None, Between(1e-6, 1.0)] = None
    """Step size of the optimiser; default: the preset's."""
    device: Annotated[str, Trait.CONDUCT, Trait.HOST_DECIDES] = "auto"
    """auto, cpu, cuda or cuda:N."""
    seed: Annotated[int, Between(0, 2**63 - 1)] = 0
    """The same seed on the same machine gives the same bytes."""
    cache_gb: Annotated[float, Between(0, 1024), Trait.CONDUCT] = 3.0
    """Memory for built views; what does not fit is kept in a temporary file."""
    turntable: Annotated[Turntable, Trait.CONDUCT, Trait.HOST_DECIDES] = "auto"
    """Format of the turntable written beside the asset; auto: mp4 where there is an ffmpeg, else webp."""

    def __post_init__(self) -> None:
        """Refuse what cannot work, before anything is read; text is taken for paths."""
        object.__setattr__(self, "model", Path(self.model))
        style, weights = split_paths(self.style, self.style_weights)
        object.__setattr__(self, "style", style)
        object.__setattr__(self, "style_weights", weights)
        if not (self.style or self.prompt or self.region):
            raise Style3DError("no style was given", hint="add --style IMAGE or --prompt TEXT")
        bare = [region for region in self.region if region.style is None and region.strength > 0]
        if not self.style and not self.prompt and bare:
            raise Style3DError(f"the region '{bare[0]}' has no style", hint="add style=IMAGE to it, or --style IMAGE")
        if self.preset not in PRESETS:
            raise unknown("preset", self.preset, PRESETS)
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
