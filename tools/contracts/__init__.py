"""The contracts as documents: event schemas, OpenAPI per service, one AsyncAPI; generated, committed, checked.

python -m tools.contracts            write contracts/
python -m tools.contracts --check    change nothing; exit 1 when contracts/ is not what the code says, or when an
                                     event no longer keeps what an earlier commit promised its readers
"""
