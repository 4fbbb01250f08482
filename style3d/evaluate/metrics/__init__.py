"""Footage in, figures out: each metric in a file of its own."""
