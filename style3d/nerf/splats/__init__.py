"""This room holds Gaussian splats: their files, their colours by direction, and the scenes made of them."""
