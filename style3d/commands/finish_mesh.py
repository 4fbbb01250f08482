"""Once a painted mesh is written, it is made smaller if that was asked for, and its sidecar is signed."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from style3d.files import read_bytes, write_bytes
from style3d.gltf.optimize import optimize
from style3d.job import MeshJob
from style3d.mesh.credentials import Credentials
from style3d.paint.result import beside


def finish_mesh(job: MeshJob) -> tuple[Path, ...]:
    """Do what the job asks for; the files that are new."""
    optimize(job.destination, job.optimize)
    if job.sign_key is None or job.sign_certificate is None:
        return ()
    return (_sidecar(job, Credentials(job.sign_key, job.sign_certificate)),)


def _sidecar(job: MeshJob, credentials: Credentials) -> Path:
    """Write NAME.c2pa: a signed manifest, bound to a contact sheet, that tells the asset's SHA-256.

    C2PA binds manifests to images, and to no kind of glTF.
    """
    target = job.destination
    first = f"{job.style[0].stem}." if job.variants else ""  # the name of the first variant
    sheet = beside(target, f"{first}contact-sheet.png")
    claim = {"asset": {"name": target.name, "sha256": sha256(read_bytes(target)).hexdigest()}, "bound_to": sheet.name}
    written = target.with_suffix(".c2pa")
    write_bytes(written, credentials.sidecar(read_bytes(sheet), "image/png", target.name, claim))
    return written
