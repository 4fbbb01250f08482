"""style3d can use these libraries and does not need them. A table lists them, and one function imports them."""
