"""PostgreSQL from its wheel, for a machine without a server; a server named in the settings is used instead.

The server listens with a password on 127.0.0.1 (the path of a Unix socket could be too long). It runs as a child
process in its own session and ends with its owner, even a killed one: a guard process holds the reading end of a pipe
and stops the server when the pipe breaks. Started by root, the server runs as another user, because PostgreSQL refuses
root. Where that user cannot reach the data or the programs, both go to a folder under /var/tmp. The permissions of
folders that are not ours are never changed.
"""

from shared.run.postgres.databases import create_database, drop_database
from shared.run.postgres.errors import PortTaken, PostgresFailed, PostgresInUse
from shared.run.postgres.server import PostgresServer

__all__ = ["PortTaken", "PostgresFailed", "PostgresInUse", "PostgresServer", "create_database", "drop_database"]
