"""Previews are pictures of a result for people: contact sheet, cast, turntable and a plot of the losses."""

from style3d.preview.cast_sheet import CastRow, cast_sheet
from style3d.preview.plot import loss_plot
from style3d.preview.sheet import contact_sheet
from style3d.preview.turntable import animation_suffix, turntable

__all__ = ["CastRow", "animation_suffix", "cast_sheet", "contact_sheet", "loss_plot", "turntable"]
