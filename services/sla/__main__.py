"""`python -m services.sla`: this service alone, configured by the environment."""

from services.sla.service import SERVICE
from shared.run.process import run_service

if __name__ == "__main__":
    run_service(SERVICE)
