"""How each model and picture in this folder is made: one small module per asset, and the tools they share."""
