"""Previews are pictures of a result for people: a contact sheet, a turntable and a plot of the losses."""

from style3d.preview.plot import loss_plot
from style3d.preview.sheet import contact_sheet
from style3d.preview.turntable import animation_suffix, turntable

__all__ = ["animation_suffix", "contact_sheet", "loss_plot", "turntable"]
