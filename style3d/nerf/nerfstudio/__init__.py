"""This room is the plugin for nerfstudio: its methods, viewers and run folders, painted by our loop."""
