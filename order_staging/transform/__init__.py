"""The rules of the data: pure functions from rows of ORDERS_UNIFIED to what the board is sent."""

from order_staging.transform.column_values import encode, item_column_values, subitem_column_values
from order_staging.transform.customers import Customer, Customers, load_customers
from order_staging.transform.fingerprints import fingerprint, rules_fingerprint
from order_staging.transform.groups import group_title
from order_staging.transform.limits import FieldLimit, Limits
from order_staging.transform.mapping import (
    LABELS,
    BoardMapping,
    Field,
    FieldType,
    Misfit,
    OnConflict,
    RemovedSize,
    Rule,
    load_mapping,
)
from order_staging.transform.merging import Merged, Verdict, cleared, decoded, merge, same
from order_staging.transform.notes import Note
from order_staging.transform.orders import InvalidOrder, Order, OrderRules
from order_staging.transform.sizes import Size, sizes_of, subitem_name
from order_staging.transform.transformation import Transformation

__all__ = [
    "LABELS",
    "BoardMapping",
    "Customer",
    "Customers",
    "Field",
    "FieldLimit",
    "FieldType",
    "InvalidOrder",
    "Limits",
    "Merged",
    "Misfit",
    "Note",
    "OnConflict",
    "Order",
    "OrderRules",
    "RemovedSize",
    "Rule",
    "Size",
    "Transformation",
    "Verdict",
    "cleared",
    "decoded",
    "encode",
    "fingerprint",
    "group_title",
    "item_column_values",
    "load_customers",
    "load_mapping",
    "merge",
    "rules_fingerprint",
    "same",
    "sizes_of",
    "subitem_column_values",
    "subitem_name",
]
