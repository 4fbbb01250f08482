"""What tests need to run with the real nerfstudio, and to skip without it."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

INSTALLED = find_spec("nerfstudio") is not None
with_nerfstudio = pytest.mark.skipif(not INSTALLED, reason="nerfstudio is not installed; `make test-nerfstudio` is")
