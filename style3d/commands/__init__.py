"""The commands, a module each: ``run(arguments)`` does it and returns the exit status."""
