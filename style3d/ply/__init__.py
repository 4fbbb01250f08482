"""This room reads and writes PLY files as tables, whatever they hold."""
