"""Each module here is a command: ``run(arguments)`` does the work and returns the exit status."""
