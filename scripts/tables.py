"""Writes the tables in docs/ that come from rows: options, formats, extensions and metrics. `make tables` runs it.

A page holds a table between two comments, ``<!-- table: NAME -->`` and ``<!-- end of table -->``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from style3d.errors import unknown_name
from style3d.evaluate.metrics.registry import table_lines
from style3d.gltf import extensions
from style3d.job import option_table
from style3d.mesh import writer_registry
from style3d.nerf.splats.formats import registry as splat_formats

DOCS = Path(__file__).resolve().parents[1] / "docs"
PLACE = re.compile(r"(<!-- table: (.+?) -->\n\n).*?(\n\n<!-- end of table -->)", re.DOTALL)


def metrics(*subjects: str) -> Callable[[], str]:
    """The table of the metrics whose names begin with these words."""
    return lambda: "\n".join(table_lines(*subjects))


TABLES: dict[str, Callable[[], str]] = {
    "options": option_table.docs_table,
    "mesh files": writer_registry.docs_table,
    "glTF extensions": extensions.docs_table,
    "splat files": splat_formats.docs_table,
    "metrics of consistency": metrics("consistency"),
    "metrics of the legacy protocol": metrics("legacy"),
    "metrics of style and content": metrics("style", "content", "composite"),
    "metrics of meshes": metrics("mesh"),
}


def with_tables(page: str) -> str:
    """The text of a page with its tables as the rows have them now.

    Raises:
        Style3DError: the page asks for a table that does not exist.
    """

    def table(found: re.Match[str]) -> str:
        if found[2] not in TABLES:
            raise unknown_name("table", found[2], TABLES)
        return found[1] + TABLES[found[2]]() + found[3]

    return PLACE.sub(table, page)


def main() -> int:
    """Rewrite the pages whose tables have changed, and name them."""
    for path in sorted(DOCS.glob("*.md")):
        before = path.read_text(encoding="utf-8")
        after = with_tables(before)
        if after != before:
            path.write_text(after, encoding="utf-8", newline="\n")
            print(f"wrote docs/{path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
