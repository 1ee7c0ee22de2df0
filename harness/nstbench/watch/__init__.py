"""The live page: a results folder in the browser while sweeps fill it."""
