"""A part of a scene: how it is named, and which points lie in it."""
