"""`python -m services.dispatch`: this one service."""

from shared.run.importing import without_collecting

with without_collecting():
    from services.dispatch.service import SERVICE
    from shared.run.process import run_service

if __name__ == "__main__":
    run_service(SERVICE)
