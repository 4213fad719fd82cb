"""A Chromium for the browser tests: the machine's own, or one from a locked package.

python -m tools.chromium    finds or installs one, and prints where it is
"""
