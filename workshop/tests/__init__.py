"""Tests of the workshop itself; they need no Odoo and no network."""
