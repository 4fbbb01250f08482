"""A job is one frozen value that says what to do. The command line, Python and the report all use it."""

from style3d.job.base import Job
from style3d.job.field import FieldJob
from style3d.job.file import read_job_file, write_job_file
from style3d.job.mesh import MeshJob
from style3d.job.recipe import Recipe, Stage, recipe
from style3d.job.replay import job_from_report

__all__ = [
    "FieldJob",
    "Job",
    "MeshJob",
    "Recipe",
    "Stage",
    "job_from_report",
    "read_job_file",
    "recipe",
    "write_job_file",
]
