"""Report: the page, the pictures and the views of a notebook, made from finished tables."""
