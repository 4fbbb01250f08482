"""Renderers turn geometry into view operators. They know nothing of style."""

from style3d.render.surface import Material, Surface, Texture

__all__ = ["Material", "Surface", "Texture"]
