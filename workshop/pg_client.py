"""Run one SQL statement and print its rows as JSON: the only part that needs a PostgreSQL driver.

Started by ``workshop.postgres`` with the environment's Python; the connection comes from the PG* variables.
"""

import json
import sys

import psycopg2


def main():
    """``pg_client.py DATABASE``, the statement on standard input."""
    connection = psycopg2.connect(dbname=sys.argv[1])
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(sys.stdin.read())
        rows = cursor.fetchall() if cursor.description else []
    print(json.dumps(rows, default=str))


if __name__ == "__main__":
    try:
        main()
    except psycopg2.Error as error:
        sys.exit(str(error).strip())
