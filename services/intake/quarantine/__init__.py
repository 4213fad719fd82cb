"""Requests that could not be understood: kept with their bytes until a person decides."""
