"""Private RabbitMQ and PostgreSQL servers for the tests: own folder, free ports, 127.0.0.1 only, stopped at the end."""
