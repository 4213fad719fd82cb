"""`make secrets > .env`: draw every secret that docker-compose.yml asks for."""

from __future__ import annotations

import secrets

from shared.run.embedded import channel_secrets, drawn_secrets


def environment() -> dict[str, str]:
    """New secrets by the names of their variables; you add the addresses for feedback."""
    drawn = drawn_secrets()
    return {
        "GONGDAN_POSTGRES_PASSWORD": secrets.token_hex(16),
        "GONGDAN_OWNER_PASSWORD": secrets.token_hex(16),
        "GONGDAN_CENTRE_PASSWORD": secrets.token_hex(16),
        "GONGDAN_UNIT_PASSWORD": secrets.token_hex(16),
        "GONGDAN_TOKEN_PUBLIC_KEY": drawn["token_public_key"],
        "GONGDAN_TOKEN_PRIVATE_KEY": drawn["token_private_key"],
        "GONGDAN_SEAL_KEYS": drawn["seal_keys"],
        "GONGDAN_ADMIN_PASSWORD": drawn["admin_password"],
        "GONGDAN_CHANNEL_SECRETS": channel_secrets(drawn, "http://upstream.invalid"),
    }


if __name__ == "__main__":
    for name, value in environment().items():
        print(f"{name}='{value}'")
