"""The API's document page, with its scripts from a package, because a government network has no access to other hosts."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

_ASSETS: Final = "docs-assets"


def add_document_page(app: FastAPI, *, at: str) -> None:
    """Serve /docs; `at` is the path under which the application stands."""

    async def page(_: Request) -> Response:
        return get_swagger_ui_html(
            openapi_url=f"{at}/openapi.json",
            title=app.title,
            swagger_js_url=f"{at}/{_ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{at}/{_ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{at}/{_ASSETS}/favicon-32x32.png",
            swagger_ui_parameters={
                "persistAuthorization": True,
                "displayRequestDuration": True,
                "docExpansion": "list",
            },
        )

    app.add_route("/docs", page, include_in_schema=False)
    app.mount(f"/{_ASSETS}", StaticFiles(directory=str(files("fastapi_swagger") / "resources")), name=_ASSETS)
