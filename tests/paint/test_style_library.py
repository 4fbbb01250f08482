"""What a job is painted by."""

from __future__ import annotations

from pathlib import Path

from style3d.job import MeshJob
from style3d.losses.objective import default_objective
from style3d.paint.style_library import default_objective_of


def test_the_default_objective_is_that_of_a_default_run() -> None:
    """Whoever extends `default_objective` starts from what a job with default settings is painted by."""
    made = default_objective_of(MeshJob(Path("a.glb"), (Path("b.jpg"),)))
    alone = default_objective(made.features)
    assert alone.terms == made.terms
    assert {term.name: term.weight for term in alone.terms} == {
        "style": 1.0, "content": 0.9, "color": 1.0, "gamut": 100.0, "calm": 10.0, "smoothness": 0.3,
    }  # fmt: skip
