"""Geometry in, view operators out. Knows nothing of style."""

from style3d.render.surface import Material, Surface, Texture

__all__ = ["Material", "Surface", "Texture"]
