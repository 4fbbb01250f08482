"""This room measures results: it takes footage of a scene before and after, and writes figures and a report."""
