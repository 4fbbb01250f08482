"""Colour as numbers: palettes, and matching the colours of one thing to another's."""
