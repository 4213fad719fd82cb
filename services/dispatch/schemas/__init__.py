"""What dispatch's routes take and give."""
