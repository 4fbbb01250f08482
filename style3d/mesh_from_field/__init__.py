"""Radiance fields to solid things: surfaces out of what a field shows, unwrapped, with its colours as a texture."""
