"""Photos with known cameras: every layout in which programs write them down."""
