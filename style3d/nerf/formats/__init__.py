"""One module for each kind of splat file; `style3d.nerf.files` chooses among them."""
