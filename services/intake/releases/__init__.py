"""Quarantined requests that a person lets through."""
