"""Tests of the simulated internet itself."""
