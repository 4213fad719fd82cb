"""The routes of dispatch: each parses and calls one handler."""
