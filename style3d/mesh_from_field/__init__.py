"""This room turns radiance fields into meshes: it finds a surface, unwraps it, and bakes the field's colours."""
