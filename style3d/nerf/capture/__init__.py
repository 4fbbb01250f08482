"""This room reads photos with known cameras, in every layout that programs write."""
