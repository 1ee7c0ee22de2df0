"""The gate: whether a change made things slower or worse, and how sure that is."""
