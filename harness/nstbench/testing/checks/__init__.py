"""The checks themselves, by what they look at; `nstbench.testing.check` puts them in order."""
