"""Benchmarks of the platform, with comparable software measured in the same run, and the fault run."""
