"""The sandbox: an exchange on this machine that speaks Kraken's protocol, for the demo and the tests.

    with Sandbox(demo_history()) as sandbox:
        client = open_client(EXCHANGE, records.credentials, sandbox.proxy_url)

Its account and its market are made up, and the same on every machine and every day.
"""
