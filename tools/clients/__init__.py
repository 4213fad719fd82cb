"""Clients generated from the committed API documents: types for TypeScript, a package for Python.

python -m tools.clients install     the generator of TypeScript, by its lock file, into .venv/clients
python -m tools.clients [FOLDER]    both clients of all five services, into FOLDER (var/clients)
"""
