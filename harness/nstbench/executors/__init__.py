"""Executors beyond this machine, each an extra that need not be installed."""
