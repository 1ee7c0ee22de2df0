"""Making it happen: finding backends, worker processes, the clock, and the sweep that drives them."""
