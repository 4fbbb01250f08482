"""Prompts: image–text encoders, and the losses that compare what is seen with what is said."""
