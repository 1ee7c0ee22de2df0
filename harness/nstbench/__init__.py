"""nstbench: sweep, time and compare neural-style-transfer backends."""
