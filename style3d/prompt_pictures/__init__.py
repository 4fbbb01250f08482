"""This room draws pictures from words, where no large image–text model is installed."""

from style3d.prompt_pictures.draw import draw_swatch
from style3d.prompt_pictures.plan import Layer, Plan, read_plan

__all__ = ["Layer", "Plan", "draw_swatch", "read_plan"]
