"""Replay: an order book of CSV files run through the controls, in date order, in a fresh database.

The package is no part of a running Odoo server: only the command ``sale_order_replay`` and the tests
import it. Reading order: ``book`` (what an order book is), ``reader`` (from CSV), ``behaviour`` (what the book
does not say and is assumed), ``session`` (one replay from end to end), ``company`` and ``loader``
(settings, people, master data), ``clock``, ``runner`` with ``events`` (the days), ``steps``, ``rooms``
and ``bookkeeping`` (what is done in Odoo), ``facts``, ``grading``, ``report`` and ``writer``.
"""
