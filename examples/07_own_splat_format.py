"""Adds a splat format: NumPy's .npz, read and written, and paints splats into a file of it."""

import io
from pathlib import Path

import numpy as np

import style3d
from style3d.errors import Style3DError
from style3d.nerf.splats.files import read_splats, write_splats
from style3d.nerf.splats.formats.registry import register
from style3d.nerf.splats.formats.row import SplatFormat
from style3d.nerf.splats.splats import Splats

QUICK = {"preset": "draft", "features": "wavelet", "steps": 40, "views": 6, "resolution": 160, "turntable": "none"}
NAMES = ("positions", "rotations", "log_scales", "logit_opacities", "sh")
MOST_BYTES = 1 << 30  # that a file may unpack to


def read(content: bytes, path: Path) -> Splats:
    """The arrays of a file; pickles are refused, and so is what would unpack to too much."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            if sum(part.file_size for part in file.zip.infolist()) > MOST_BYTES:
                raise ValueError("it unpacks to too much")
            return Splats(**{name: file[name].astype(np.float32) for name in NAMES})
    except (ValueError, KeyError, OSError) as error:
        raise Style3DError(f"{path.name} holds no splats", got=error) from None


def write(splats: Splats) -> bytes:
    """All arrays at full precision."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{name: getattr(splats, name) for name in NAMES})
    return buffer.getvalue()


def recognise(content: bytes, path: Path) -> bool:
    """By the suffix; other formats are ZIP archives, too."""
    return path.suffix == ".npz"


register(SplatFormat("`.npz` of NumPy", (".npz",), read, "RDF", "everything as floats", recognise, write))

Path("out").mkdir(exist_ok=True)
source = Path("out/07_source.npz")
write_splats(read_splats(Path("data/scenes/mossling.spz")), source)
job = style3d.FieldJob(
    source, style=(Path("data/styles/stained-glass.jpg"),), output=Path("out/07_own_splat_format.npz"), **QUICK
)
scene = style3d.load(job)
style3d.stylize(scene, job).save()
print("wrote out/07_own_splat_format.npz with", read_splats(job.destination).count, "splats")
