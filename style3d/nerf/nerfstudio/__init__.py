"""The plugin: nerfstudio's methods, viewers and run folders, painted by our loop. nerfstudio itself is imported late."""
