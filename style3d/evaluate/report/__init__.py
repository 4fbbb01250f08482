"""Figures in, files for people and programs out."""
