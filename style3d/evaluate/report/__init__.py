"""This room writes figures as files for people and for programs."""
