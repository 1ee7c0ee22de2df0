"""Whether remarks and progress are wanted; light, as every start of the command reads it."""

QUIET = "NSTBENCH_QUIET"
"""Variable of the environment that `nstbench --quiet` sets, so that what it starts keeps quiet too."""
