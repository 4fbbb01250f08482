"""This room fits radiance grids to photos or takes them from a field, keeps them in files, and paints them."""
