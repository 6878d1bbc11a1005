from . import sale_revision_compare
