"""One module for each kind of splat file; `style3d.nerf.splats.files` chooses among them."""
