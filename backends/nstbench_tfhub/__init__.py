"""TF-Hub."""
