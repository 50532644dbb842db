"""The whole system on one machine: embedded server, simulator, workers, beat, each its own process."""
