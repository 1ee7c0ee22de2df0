"""Compare: trials in pairs that are equal but for one thing, their ratios, and what to be careful about."""
