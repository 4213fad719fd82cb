"""`python -m services.intake`: this service as a process of its own."""

from shared.run.importing import without_collecting

with without_collecting():
    from services.intake.service import SERVICE
    from shared.run.process import run_service

if __name__ == "__main__":
    run_service(SERVICE)
