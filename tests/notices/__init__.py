"""Where notices go in the tests: a mail server and a webhook's receiver of our own, with real TLS."""
