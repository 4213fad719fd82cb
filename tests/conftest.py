"""What every test may ask for."""

pytest_plugins = ("tests.support.workers", "tests.support.postgres", "tests.support.kafka")
