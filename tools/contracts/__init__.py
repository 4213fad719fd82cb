"""The contracts as documents: event schemas, OpenAPI for each service, one AsyncAPI; generated, committed, checked.

python -m tools.contracts            write contracts/
python -m tools.contracts --check    change nothing; exit 1 when contracts/ is not what the code says, or when an
                                     event breaks what an earlier commit promised its readers
"""
