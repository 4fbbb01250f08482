"""A request holds the options of `style3d evaluate`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from style3d.errors import Style3DError
from style3d.evaluate.footage.depth_files import DepthKind
from style3d.job.base import Features
from style3d.job.control import Between, check_controls


@dataclass(frozen=True)
class EvaluationRequest:
    """Measure a result against its original, and write consistency, style, content and health as HTML, JSON and CSV.

    It compares two models of one geometry (original.glb styled.glb), two radiance fields (garden.ply
    garden.styled.ply), or the frames of any program with cameras and depth.
    """

    models: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="ORIGINAL STYLED")] = ()
    """The original and the painted scene: a mesh, Gaussian splats or a grid. The original may also be the folder of a
    capture; it is fitted unless an earlier fit is kept."""
    style: Annotated[Path | None, tyro.conf.arg(metavar="IMAGE")] = None
    """The style picture of the result. Without it, style is not measured and no view is painted alone."""
    prompt: str = ""
    """The prompt of the result, for CLIP's text score."""
    frames: Annotated[tuple[Path, Path] | None, tyro.conf.arg(metavar="ORIGINAL STYLED")] = None
    """Two folders of frames with the same names, in place of models."""
    cameras: Path | None = None
    """The transforms.json with the cameras of the frames."""
    depth: Path | None = None
    """The folder with the original's depth for each frame: .npy, .npz, 16-bit .png or .exr."""
    depth_scale: float = 1.0
    """The length of one unit of depth, in scene units."""
    depth_kind: DepthKind = "z"
    """How depth is measured: along the camera's axis or along the ray."""
    base_color: Path | None = None
    """The picture of the original if its model names none, as an OBJ without an MTL does."""
    output: Path | None = None
    """The page to write, .html. A .json and a .csv get the same name. Default: STYLED.evaluation.html here."""
    gaps: tuple[int, ...] = (1, 7)
    """The steps between compared views, for short and long range. A turntable has --views steps, a capture's path has
    120."""
    views: Annotated[int, Between(4, 360)] = 36
    """The number of views around a model. On a capture's path, about as many views are measured."""
    resolution: Annotated[int, Between(48, 2048)] = 256
    """The pixels along a side of a view of a model."""
    lighting: Literal["studio", "unlit"] = "unlit"
    """The light in the views of a model. studio moves with the camera, and the floor then includes its changes."""
    features: Features = "embedded"
    """The network that measures style and content. clip is the image tower of --clip-model."""
    weights: Path | None = None
    """A file with the weights of vgg19 or vgg16."""
    lpips: Annotated[tuple[Path, Path] | None, tyro.conf.arg(metavar="BACKBONE HEADS")] = None
    """The weights for LPIPS: SqueezeNet's and the linear heads'. Default: the lpips package, if it has weights."""
    inception: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """The weights of Inception-v3 for FID: pytorch-fid's or torch-fidelity's. ArtFID has art_inception.pth."""
    gallery: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    """A folder of pictures for style.found. It includes the style, or the style is added."""
    clip_model: str = "ViT-B-32"
    """The CLIP model of --clip-weights, by open_clip's name."""
    clip_weights: Path | None = None
    """A file with the weights for the CLIP scores."""
    style_scale: Annotated[float | None, Between(0.05, 20)] = None
    """The size of the brush that painted the result. Default: what the report beside the result says, or 1."""
    ceiling_steps: Annotated[int, Between(0, 2000)] = 60
    """The steps that paint a few views on their own, as the ceiling of inconsistency. 0 leaves the ceiling out."""
    legacy: bool = False
    """Also measure by a widely copied protocol, with its faults, so that old tables can be read."""
    fail_under: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """metric=value gives exit status 1 if the figure is lower. Give the option again for more figures."""
    fail_over: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """metric=value gives exit status 1 if the figure is higher. Give the option again for more figures."""
    quiet: bool = False
    """Show no progress bars."""
    strict: bool = False
    """Refuse scenes of which something is not found, instead of saying so and going on."""

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.frames is None and len(self.models) != 2:
            raise Style3DError(
                "evaluate compares two models", got=f"{len(self.models)}",
                expected="ORIGINAL STYLED, or --frames ORIGINAL STYLED --cameras FILE --depth FOLDER",
            )  # fmt: skip
        if self.frames is not None and (self.models or self.cameras is None or self.depth is None):
            raise Style3DError("--frames needs --cameras and --depth, and stands in place of models")
        if self.destination.suffix.lower() not in (".html", ".htm"):
            raise Style3DError(f"cannot write {self.destination}", expected="a name that ends in .html")
        check_controls(self)

    @property
    def destination(self) -> Path:
        """The page that will be written."""
        styled = self.frames[1] if self.frames is not None else self.models[-1]
        return self.output or Path(f"{styled.resolve().stem}.evaluation.html")
