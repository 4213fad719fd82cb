"""Takes the pictures of the main pages into docs/pictures, from the platform that `make run` has started.

python -m tools.pictures
"""
