"""This room treats colours as numbers: it measures distances, makes palettes and matches colours."""
