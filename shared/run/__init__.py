"""What starts, watches and stops the platform; only entry points import it."""
