"""Builds and checks the web portal with the locked Node.

python -m tools.portal install    its packages, exactly as locked, into portal/node_modules
python -m tools.portal build      portal/dist
python -m tools.portal check      types, linter, unit tests; and that portal/dist is what the sources build
"""
