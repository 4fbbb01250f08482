"""The tables of the pages are those that the rows make."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.tables import TABLES, with_tables
from style3d.errors import Style3DError

PAGES = sorted((Path(__file__).resolve().parents[1] / "docs").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_pages_hold_the_tables_of_the_rows(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert with_tables(text) == text, f"`make tables` writes docs/{page.name} anew"


def test_every_table_has_a_place() -> None:
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    assert sorted(name for text in texts for name in re.findall("<!-- table: (.+?) -->", text)) == sorted(TABLES)
    assert all(text.count("<!-- table: ") == text.count("<!-- end of table -->") for text in texts)


def test_an_old_table_is_replaced_and_the_rest_stays() -> None:
    page = "# A\n\n<!-- table: mesh files -->\n\n| old |\n\n<!-- end of table -->\n\nAfter it.\n"
    after = with_tables(page)
    assert TABLES["mesh files"]() in after
    assert "| old |" not in after
    assert after.startswith("# A\n\n<!--")
    assert after.endswith("-->\n\nAfter it.\n")
    with pytest.raises(Style3DError, match="nonsense"):
        with_tables(page.replace("mesh files", "nonsense"))
