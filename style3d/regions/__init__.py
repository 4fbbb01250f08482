"""A region is a part of a scene: this room names it and finds the points in it."""
