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
    """Measure a result against its original: consistency, style, content and health, as HTML, JSON and CSV.

    Either two models of one geometry (original.glb styled.glb), two radiance fields (garden.ply garden.styled.ply), or
    anybody's frames with cameras and depth.
    """

    models: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="ORIGINAL STYLED")] = ()
    """The original and the stylised scene: a mesh, Gaussian splats, a grid, or for the original a capture's folder,
    which is fitted unless a fit of it is kept."""
    style: Annotated[Path | None, tyro.conf.arg(metavar="IMAGE")] = None
    """The picture it was painted like; without it, style is not measured and no view is painted alone."""
    prompt: str = ""
    """The text it was painted like, for CLIP's text score."""
    frames: Annotated[tuple[Path, Path] | None, tyro.conf.arg(metavar="ORIGINAL STYLED")] = None
    """Two folders of frames, named alike, instead of models."""
    cameras: Path | None = None
    """transforms.json of the frames."""
    depth: Path | None = None
    """Folder of the unstylised depth of each frame: .npy, .npz, 16-bit .png or .exr."""
    depth_scale: float = 1.0
    """Scene units of one unit of depth."""
    depth_kind: DepthKind = "z"
    """Whether depth counts along the camera's axis or along the ray."""
    base_color: Path | None = None
    """Picture of the original where its model names none (an OBJ without MTL)."""
    output: Path | None = None
    """The page to write, .html; .json and .csv go beside it. Default: STYLED.evaluation.html in the working folder."""
    gaps: tuple[int, ...] = (1, 7)
    """Steps between views that are compared: short and long range. A turntable has --views steps, the path of a capture
    120."""
    views: Annotated[int, Between(4, 360)] = 36
    """Views around a model; of a capture's path about as many are looked at, spread over it."""
    resolution: Annotated[int, Between(48, 2048)] = 256
    """Pixels along a side of a view of a model."""
    lighting: Literal["studio", "unlit"] = "unlit"
    """Light in the views of a model; studio moves with the camera, which the floor then shows."""
    features: Features = "embedded"
    """The network that judges style and content; clip is the image tower of --clip-model."""
    weights: Path | None = None
    """Weights of that network, for vgg19 and vgg16."""
    lpips: Annotated[tuple[Path, Path] | None, tyro.conf.arg(metavar="BACKBONE HEADS")] = None
    """Weights for LPIPS: SqueezeNet's and the linear heads'. Default: the lpips package, where its weights are."""
    inception: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Weights of Inception-v3 for FID and ArtFID: pytorch-fid's or torch-fidelity's, or ArtFID's art_inception.pth."""
    clip_model: str = "ViT-B-32"
    """The CLIP model of --clip-weights, as open_clip calls it."""
    clip_weights: Path | None = None
    """Weights for the CLIP scores."""
    style_scale: Annotated[float, Between(0.05, 20)] = 1.0
    """Size of the brush it was painted with, as in the job."""
    ceiling_steps: Annotated[int, Between(0, 2000)] = 60
    """Steps of painting a few views on their own, the ceiling of inconsistency; 0 leaves it out."""
    legacy: bool = False
    """Also follow the widely copied protocol, faults included, to read old tables by."""
    fail_under: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """metric=value: exit status 1 when the figure is lower. May be given again."""
    fail_over: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """metric=value: exit status 1 when the figure is higher. May be given again."""
    quiet: bool = False
    """No progress bars."""

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.frames is None and len(self.models) != 2:
            raise Style3DError(
                "two models are compared", got=f"{len(self.models)}",
                expected="ORIGINAL STYLED, or --frames ORIGINAL STYLED --cameras FILE --depth FOLDER",
            )  # fmt: skip
        if self.frames is not None and (self.models or self.cameras is None or self.depth is None):
            raise Style3DError("--frames needs --cameras and --depth, and no models")
        if self.destination.suffix.lower() not in (".html", ".htm"):
            raise Style3DError(f"cannot write {self.destination}", expected="a name that ends in .html")
        check_controls(self)

    @property
    def destination(self) -> Path:
        """The page that will be written."""
        styled = self.frames[1] if self.frames is not None else self.models[-1]
        return self.output or Path(f"{styled.resolve().stem}.evaluation.html")
