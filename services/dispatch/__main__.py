"""`python -m services.dispatch`: this one service."""

from services.dispatch.service import SERVICE
from shared.run.process import run_service

if __name__ == "__main__":
    run_service(SERVICE)
