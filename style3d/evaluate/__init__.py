"""Measures what was made: footage of a scene before and after in, figures and a report out."""
