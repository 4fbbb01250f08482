"""Files that a command does not read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from style3d.errors import Style3DError


def assert_named(path: Path, content: bytes, expected: str, read: Callable[[Path], object]) -> None:
    """What reads the file refuses it in one line, which calls it by its name and says what helps."""
    path.write_bytes(content)
    with pytest.raises(Style3DError, match=expected) as caught:
        read(path)
    assert "\n" not in str(caught.value)
