"""The HTTP application of a service, its health and operation routes, and all services behind the same paths."""

from __future__ import annotations

from shared.app.http import build_app, mount, upload_routes

__all__ = ["build_app", "mount", "upload_routes"]
