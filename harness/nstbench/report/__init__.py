"""What results say: comparisons, cautions, and the pages that show them."""
