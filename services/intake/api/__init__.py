"""Intake over HTTP: the platforms' webhooks, and what people read and decide."""

from __future__ import annotations

from services.intake.api import deliveries, orders, quarantine, webhooks

ROUTERS = (webhooks.router, orders.router, quarantine.router, deliveries.router)
