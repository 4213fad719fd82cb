"""What the portal costs: bytes, and the time until a person can go on, on a slow machine and a slow line.

    python -m bench.portal

The platform lives through its history first, which takes one to several minutes.
"""
