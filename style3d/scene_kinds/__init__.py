"""Kinds of scenes: a row each, with the job that paints it and how its files are opened."""
