"""The type checker that the import hook wraps around every function of style3d while tests run."""

from __future__ import annotations

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))  # an int may stand where a float is asked for
