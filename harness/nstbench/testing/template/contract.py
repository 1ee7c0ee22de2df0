"""The checks that nstbench holds every backend to, one test for each."""

from nstbench.testing import contract

test_contract = contract("colour-transfer")
