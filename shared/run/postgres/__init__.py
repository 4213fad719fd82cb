"""PostgreSQL from its wheel: the database of a machine on which nothing was prepared.

Whoever has a server gives its URL in the settings and never comes here.

The server speaks TCP on 127.0.0.1 with a password (a socket's path may grow too long), runs as a child process in a
session of its own, and ends with its owner even if that is killed: a guard holds the reading end of a pipe and stops
the server when the pipe breaks. As root the server runs as another user, because PostgreSQL refuses root; where that
user cannot reach the data or the programs, both go to a place under /var/tmp. No permission of a folder that is not
ours is ever changed.
"""

from shared.run.postgres.databases import create_database, drop_database
from shared.run.postgres.errors import PortTaken, PostgresFailed, PostgresInUse
from shared.run.postgres.server import PostgresServer

__all__ = ["PortTaken", "PostgresFailed", "PostgresInUse", "PostgresServer", "create_database", "drop_database"]
