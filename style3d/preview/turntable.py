"""A turntable shows one turn around the asset, as a film or an animated image."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from style3d.errors import Style3DError
from style3d.files import atomic_path
from style3d.optional.libraries import is_installed, library
from style3d.preview.canvas import Picture, to_pillow

SUFFIXES = (".mp4", ".webp", ".gif")
ENCODERS = (  # the first that the ffmpeg at hand has, with what asks it for near-transparent quality
    ("libx264", ["-preset", "medium", "-crf", "16"]),
    ("libopenh264", ["-b:v", "6M"]),
    ("mpeg4", ["-q:v", "2"]),
)


def ffmpeg() -> str | None:
    """The ffmpeg to use: the one the ``video`` extra brings, else the one on PATH, else None."""
    if is_installed("imageio_ffmpeg"):
        from imageio_ffmpeg import get_ffmpeg_exe

        try:
            return str(get_ffmpeg_exe())
        except RuntimeError:  # its wheel for this platform holds no binary
            pass
    return shutil.which("ffmpeg")


def animation_suffix() -> str:
    """``.mp4`` where an ffmpeg is at hand, else ``.webp``, which Pillow writes by itself."""
    return ".mp4" if ffmpeg() else ".webp"


def turntable(frames: Sequence[Picture], path: Path, fps: float = 24) -> None:
    """Write the frames in order as an endless turn; the suffix chooses .mp4, .webp or .gif.

    Args:
        frames: (h, w, 3) in [0, 1], display-referred, all of one size. Film codecs want even sizes: an odd last row
            or column is left out of an .mp4.
        path: file to write, through a temporary name in the same folder.
        fps: frames a second. A .gif counts in hundredths of a second and players slow down below two of them.

    Raises:
        Style3DError: no frames, frames of several sizes, an unknown suffix, or no ffmpeg for an .mp4.
    """
    if not frames or len({frame.shape for frame in frames}) != 1:
        raise Style3DError("a turntable needs frames of one size", got=sorted({frame.shape for frame in frames}))
    if path.suffix.lower() not in SUFFIXES:
        raise Style3DError(f"cannot write {path.name}", got=f"suffix {path.suffix!r}", expected=" or ".join(SUFFIXES))
    images = (to_pillow(frame) for frame in frames)
    with atomic_path(path) as temporary:
        if path.suffix.lower() == ".mp4":
            _film(images, temporary, fps, path.name)
        elif path.suffix.lower() == ".webp":
            _webp(list(images), temporary, fps)
        else:
            _gif(list(images), temporary, fps)


def _film(images: Iterator[Image.Image], path: Path, fps: float, name: str) -> None:
    """H.264 (or MPEG-4) in BT.709 colours, laid out so that browsers start playing before all is read."""
    executable = ffmpeg()
    if executable is None:
        raise Style3DError(
            f"writing {name} needs ffmpeg, and there is none",
            hint=library("imageio_ffmpeg").hint,
        )
    first = next(images)
    size = f"{first.width}x{first.height}"
    source = ["-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", size, "-framerate", f"{fps:g}", "-i", "-"]
    even = "crop=trunc(iw/2)*2:trunc(ih/2)*2" if min(first.size) > 1 else "pad=ceil(iw/2)*2:ceil(ih/2)*2"
    tags = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=iec61966-2-1"
    picture = ["-vf", f"{even},scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,{tags}"]
    exact = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-movflags", "+faststart"]
    command = [executable, "-v", "error", "-y", *source, "-an", *picture, *_encoder(executable), *exact]
    pixels = b"".join(image.tobytes() for image in (first, *images))
    done = subprocess.run([*command, "-f", "mp4", f"file:{path}"], input=pixels, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise Style3DError(f"ffmpeg could not write {name}", got=said[-1] if said else f"status {done.returncode}")


def _encoder(executable: str) -> list[str]:
    """Arguments for the best film encoder that this ffmpeg was built with."""
    listed = subprocess.run(
        [executable, "-v", "error", "-encoders"], capture_output=True, text=True, check=False
    ).stdout
    for name, quality in ENCODERS:
        if f" {name} " in listed:
            return ["-c:v", name, *quality]
    raise Style3DError(f"{executable} has no film encoder", expected=" or ".join(name for name, _ in ENCODERS))


def _webp(images: list[Image.Image], path: Path, fps: float) -> None:
    """An animated WebP, endless."""
    rest = images[1:]
    images[0].save(
        path, format="WEBP", save_all=True, append_images=rest, duration=round(1000 / fps), loop=0, quality=88, method=4
    )


def _gif(images: list[Image.Image], path: Path, fps: float) -> None:
    """An animated GIF with one palette for all frames, so that colours do not flicker."""
    width, height = images[0].size
    chosen = images[:: max(1, len(images) // 8)]
    strip = Image.new("RGB", (width, height * len(chosen)))
    for row, image in enumerate(chosen):
        strip.paste(image, (0, row * height))
    palette = strip.quantize(256, method=Image.Quantize.MEDIANCUT)
    frames = [image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for image in images]
    step = max(20, round(100 / fps) * 10)
    frames[0].save(path, format="GIF", save_all=True, append_images=frames[1:], duration=step, loop=0, optimize=False)
