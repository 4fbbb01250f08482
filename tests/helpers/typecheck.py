"""The type checker that the import hook wraps around every function of style3d while tests run."""

from __future__ import annotations

from typing import Any

import numpy as np
from beartype import BeartypeConf, FrozenDict, beartype

check = beartype(
    conf=BeartypeConf(
        is_pep484_tower=True,  # an int may stand where a float is asked for
        hint_overrides=FrozenDict({np.ndarray[Any, Any]: np.ndarray}),  # which beartype cannot read
    )
)
