"""What the platform does in numbers, beside its peers in the same run, and the fault run that tries to break it."""
