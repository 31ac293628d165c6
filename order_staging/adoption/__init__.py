"""Adoption: a database that has the tables already is compared with the revisions, and put under Alembic."""

from order_staging.adoption.adopting import adopt
from order_staging.adoption.results import Adoption, AdoptionStatus

__all__ = ["Adoption", "AdoptionStatus", "adopt"]
