"""What happened: one record per trial, the folder that keeps them, and the tables made from it."""

from nstbench.record.results import Results, open_results
from nstbench.record.run_record import STATUSES, Picture, Round, RunRecord
from nstbench.record.store import Store

__all__ = ["STATUSES", "Picture", "Results", "Round", "RunRecord", "Store", "open_results"]
