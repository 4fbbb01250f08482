"""Each kind of scene has a row: the job that paints it, and how its files are opened."""
