"""One run: a scene and a job in, new colours out."""
