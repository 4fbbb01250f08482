"""This room holds radiance fields: Gaussian splats and grids, their files, and the scenes made of them."""
