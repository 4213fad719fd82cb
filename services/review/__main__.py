"""`python -m services.review`: this service alone, configured by the environment."""

from shared.run.importing import without_collecting

with without_collecting():
    from services.review.service import SERVICE
    from shared.run.process import run_service

if __name__ == "__main__":
    run_service(SERVICE)
