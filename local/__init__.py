"""What only a developer's machine needs: the suite on one command, sandboxes, demo, benchmarks."""
