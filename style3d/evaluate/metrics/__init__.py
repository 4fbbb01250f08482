"""Metrics turn footage into figures. Each metric has a file of its own."""
