"""Presets: other projects' units of the loss, their defaults, and the way from one to another."""
