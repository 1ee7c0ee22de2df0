"""Parity: whether a backend computes what it is said to compute, against the referee in float64."""
