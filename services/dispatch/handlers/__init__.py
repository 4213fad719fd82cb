"""What dispatch does: load, decide, change, emit."""
