"""Prompts use image–text encoders, and losses that compare images with words."""
