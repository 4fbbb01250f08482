"""Libraries that style3d can use and does not need: a table of them, and one way to import them."""
