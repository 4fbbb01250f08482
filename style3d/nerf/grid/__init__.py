"""Radiance grids: fitted to photos or taken from a field, kept in files, painted as scenes."""
