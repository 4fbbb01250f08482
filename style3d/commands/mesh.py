"""`style3d mesh` paints a mesh."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from style3d.commands.paint import run_job
from style3d.commands.parse import Conduct, parse_job
from style3d.commands.tell_remarks import told
from style3d.commands.variants import run_variants, single_jobs
from style3d.files import read_bytes, write_bytes
from style3d.gltf.optimize import optimize
from style3d.job import MeshJob
from style3d.mesh.credentials import Credentials
from style3d.paint.result import beside


def run(arguments: list[str]) -> int:
    """Stylise a mesh."""
    job, conduct = parse_job(MeshJob, arguments)
    with told(conduct.strict):
        return paint_mesh(job, conduct)


def paint_mesh(job: MeshJob, conduct: Conduct) -> int:
    """Once, or once for each style."""
    status = run_variants(job, conduct) if job.variants else run_job(job, conduct)
    if status in (0, 1) and not conduct.dry_run:  # 1: written, and a threshold missed
        optimize(job.destination, job.optimize)
        if job.sign_key is not None and job.sign_certificate is not None:
            print(f"wrote {_sidecar(job, Credentials(job.sign_key, job.sign_certificate))}")
    return status


def _sidecar(job: MeshJob, credentials: Credentials) -> Path:
    """Write NAME.c2pa: a signed manifest, bound to a contact sheet, that tells the asset's SHA-256.

    C2PA binds manifests to images, and to no kind of glTF.
    """
    target = job.destination
    first = f"{single_jobs(job)[0][0]}." if job.variants else ""
    sheet = beside(target, f"{first}contact-sheet.png")
    claim = {"asset": {"name": target.name, "sha256": sha256(read_bytes(target)).hexdigest()}, "bound_to": sheet.name}
    written = target.with_suffix(".c2pa")
    write_bytes(written, credentials.sidecar(read_bytes(sheet), "image/png", target.name, claim))
    return written
