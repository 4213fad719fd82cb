"""The kernel shared by the services."""
