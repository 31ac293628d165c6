"""The declarative base of all tables."""

from __future__ import annotations

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from order_staging.models.types import ANNOTATIONS


class Base(DeclarativeBase):
    """All tables of this project: typed by annotation, constraints named by one convention."""

    metadata = MetaData(
        naming_convention={
            "ix": "IX_%(table_name)s_%(column_0_name)s",
            "uq": "UQ_%(table_name)s_%(column_0_name)s",
            "ck": "CK_%(table_name)s_%(constraint_name)s",
            "fk": "FK_%(table_name)s_%(column_0_name)s",
            "pk": "PK_%(table_name)s",
        }
    )
    type_annotation_map = ANNOTATIONS
