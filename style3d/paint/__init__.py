"""This room makes one run: it takes a scene and a job, and returns new colours."""
