"""Starting, watching and stopping the platform; only entry points import it."""
