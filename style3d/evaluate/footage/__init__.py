"""Views of a scene before and after, from files or rendered: what every metric reads."""
