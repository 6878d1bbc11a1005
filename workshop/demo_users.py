"""Print, as JSON, the users of a database who log in with their login as password, and their roles.

``demo_users.py DATABASE ADDON``, run with the environment's Python; the connection comes from the PG* variables.
"""

import json
import sys

import psycopg2
from passlib.context import CryptContext

USERS = """
    SELECT u.login, u.password, coalesce(string_agg(g.name ->> 'en_US', ', ' ORDER BY g.name ->> 'en_US'), '')
      FROM res_users u
      LEFT JOIN (res_groups_users_rel r
                 JOIN res_groups g ON g.id = r.gid
                 JOIN ir_model_data d ON d.model = 'res.groups' AND d.res_id = g.id AND d.module = %s)
             ON r.uid = u.id
     WHERE u.active AND u.password IS NOT NULL
     GROUP BY u.id ORDER BY u.id
"""


def main(database, addon):
    """Check each user's password against their login."""
    crypt = CryptContext(["pbkdf2_sha512", "plaintext"], deprecated=["auto"])
    with psycopg2.connect(dbname=database) as connection, connection.cursor() as cursor:
        cursor.execute(USERS, [addon])
        rows = cursor.fetchall()
    known = [row for row in rows if crypt.verify(row[0], row[1])]
    print(json.dumps([{"login": login, "password": login, "roles": roles} for login, _hash, roles in known]))


if __name__ == "__main__":
    main(*sys.argv[1:3])
