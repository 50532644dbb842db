"""Many recordings at once, in simulated time: ``python -m benchmarks.simulation``, told in docs/scale.md."""
