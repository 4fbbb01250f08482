"""Footage holds views of a scene before and after, from files or rendered. Every metric reads it."""
