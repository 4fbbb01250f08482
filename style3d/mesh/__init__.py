"""This room reads and writes model files, and makes the scene of a mesh."""
