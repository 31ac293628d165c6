"""Every refusal of the sandbox, with the message, code and data that monday.com answers."""

from collections.abc import Mapping
from typing import Self


class Refusal(Exception):  # noqa: N818 - what the service answers, not a failure of the sandbox
    """A field that is answered with an error instead of a result.

    Takes the message, the code, what goes into `error_data` and the status inside the body; the executor
    of GraphQL reads `extensions` from it.
    """

    def __init__(self, message: str, code: str, data: Mapping[str, object], status_code: int = 200) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.extensions: dict[str, object] = {
            "code": code,
            "status_code": status_code,
            "error_data": dict(data),
            "service": "monolith",
        }

    @classmethod
    def injected(cls, message: str, extensions: Mapping[str, object]) -> Self:
        """A refusal with exactly these extensions, for faults on order."""
        refusal = cls(message, str(extensions.get("code", "")), {})
        refusal.extensions = dict(extensions)
        return refusal


def unknown_board(board_id: str) -> Refusal:
    """The board does not exist."""
    message = "The board does not exist. Please check your board ID and try again"
    return Refusal(message, "InvalidBoardIdException", {"board_id": board_id})


def unknown_item(item_id: str | None) -> Refusal:
    """The item does not exist, or is no longer active."""
    return Refusal("Item not found", "InvalidItemIdException", {"item_id": item_id})


def unknown_group(board_id: str, group_id: str) -> Refusal:
    """The group does not exist on the board, or is no longer active."""
    data = {
        "resource_type": "group",
        "group_id": group_id,
        "board_id": board_id,
        "error_reason": "store.monday.automation.error.missing_group",
    }
    return Refusal("Group not found", "ResourceNotFoundException", data, status_code=404)


def foreign_group(group_id: str) -> Refusal:
    """A group to archive or delete that is not on the board."""
    message = "User unauthorized to perform action"
    return Refusal(message, "USER_UNAUTHORIZED", {"group_id": group_id}, status_code=403)


def last_group(group_id: str) -> Refusal:
    """A board keeps at least one group."""
    message = "A board must keep at least one group"
    return Refusal(message, "DeleteLastGroupException", {"group_id": group_id}, status_code=409)


def unknown_column(column_id: str) -> Refusal:
    """The column does not exist on the board."""
    data = {"column_id": column_id, "error_reason": "store.monday.automation.error.missing_column"}
    return Refusal("This column ID doesn't exist for the board", "InvalidColumnIdException", data)


def read_only_column(column_id: str, column_type: str) -> Refusal:
    """A column whose values monday.com makes itself."""
    message = f"Column {column_id} of type {column_type} does not support changing its value"
    return Refusal(
        message, "InvalidColumnTypeException", {"column_id": column_id, "column_type": column_type}
    )


def bad_value(column_id: str, column_type: str, reason: str) -> Refusal:
    """A value that has not the form its column's type asks for."""
    message = f"invalid value - {reason}. Please check our API documentation for the correct data structure"
    return Refusal(message, "ColumnValueException", {"column_id": column_id, "column_type": column_type})


def missing_label(column_id: str, column_type: str) -> Refusal:
    """A label that the column does not have, and that was not to be created."""
    return bad_value(column_id, column_type, "label does not exist in column")


def name_too_long(length: int) -> Refusal:
    """A name of more than 255 UTF-16 code units; takes its length in them."""
    message = "Item name is too long: it must be between 1 and 255 characters"
    return Refusal(message, "ItemNameTooLongException", {"length": length})


def empty_name() -> Refusal:
    """A name without a visible character."""
    return Refusal("Invalid item name. Name must not be empty", "InvalidArgumentException", {"item_name": ""})


def too_many_items(board_id: str, limit: int) -> Refusal:
    """The board holds as many items as it may; takes that number."""
    message = f"Board has reached its limit of {limit} items"
    return Refusal(message, "ItemsLimitationException", {"board_id": board_id, "limit": limit})


def too_many_subitems(parent_id: str, limit: int) -> Refusal:
    """The item has as many subitems as it may; takes that number."""
    message = f"Item has reached its limit of {limit} subitems"
    return Refusal(message, "ItemsLimitationException", {"parent_item_id": parent_id, "limit": limit})


def account_full(limit: int) -> Refusal:
    """The account holds as many items as its plan has; takes that number."""
    message = f"The account has reached its limit of {limit} items"
    return Refusal(message, "ItemsLimitationException", {"limit": limit})


def bad_argument(message: str, **data: object) -> Refusal:
    """An argument that the service does not take; keywords become `error_data`."""
    return Refusal(message, "InvalidArgumentException", data)


def expired_cursor() -> Refusal:
    """A cursor older than an hour."""
    return Refusal("The cursor has expired, please start again from the first page", "CursorExpiredError", {})


def unknown_managed_label(column_id: str, label: str, labels: Mapping[int, str]) -> Refusal:
    """A label that a managed dropdown column does not have; takes those it has."""
    known = ", ".join(f"{key}: {name}" for key, name in labels.items())
    message = f"The dropdown label '{label}' does not exist, possible labels are: {{{known}}}"
    return Refusal(message, "ColumnValueException", {"column_id": column_id, "column_type": "dropdown"})


def corrected_value(column_id: str) -> Refusal:
    """A value that the service would have had to correct."""
    return Refusal("The value was not valid", "CorrectedValueException", {"column_id": column_id})


def board_not_created() -> Refusal:
    """A board that could not be made."""
    return Refusal("The board could not be created", "CreateBoardException", {})


def unknown_user(user_id: str) -> Refusal:
    """A user who does not exist."""
    return Refusal("The user does not exist", "InvalidUserIdException", {"user_id": user_id})


def bad_person(user_id: str) -> Refusal:
    """A person who cannot be assigned."""
    return Refusal("The person cannot be assigned", "invalidPersonAssignment", {"user_id": user_id})


def invalid_group(group_id: str) -> Refusal:
    """A group that is none, in a spelling that one client knows."""
    return Refusal("Invalid group", "InvalidGroupIdException", {"group_id": group_id})


def temporarily_blocked() -> Refusal:
    """An account whose use of the API is blocked for a while."""
    return Refusal("API temporarily blocked", "API_TEMPORARILY_BLOCKED", {})


def missing_permissions() -> Refusal:
    """A token without the scopes for this."""
    message = "Unauthorized field or type: the token has not the permissions"
    return Refusal(message, "missingRequiredPermissions", {"required_scopes": ["boards:write"]})


def forbidden_field(name: str) -> Refusal:
    """A field or type that the token may not use."""
    message = "Unauthorized field or type"
    return Refusal(message, "UNAUTHORIZED_FIELD_OR_TYPE", {"field": name}, status_code=403)


def invalid_input(message: str = "Invalid input", *, spelt: str = "INVALID_INPUT") -> Refusal:
    """An input that newer services do not take; `spelt` is INVALID_INPUT or INVALID_ARGUMENT_EXCEPTION."""
    return Refusal(message, spelt, {}, status_code=400)


def stale_revision(column_id: str, revision: int) -> Refusal:
    """A change of a column that somebody else changed meanwhile; takes the revision it has now."""
    data = {"column_id": column_id, "revision": str(revision)}
    return Refusal("The column was changed meanwhile", "REVISION_MISMATCH", data, status_code=409)


def data_validation(column_id: str, message: str = "'Quantity' must be at least [5]") -> Refusal:
    """A value that a validation rule of the board does not allow; its data is an array."""
    data = [{"itemId": None, "columnIds": [column_id], "message": message}]
    extensions = {"code": "DATA_VALIDATIONS_ERROR", "status_code": 422, "error_data": data}
    return Refusal.injected("data_validation_error", extensions)


def too_many_mutations(*, spelt: str = "MutationCallsExceeded") -> Refusal:
    """Too many mutations, in spellings that one client knows; the other is RateLimitedException."""
    return Refusal("Mutation calls exceeded", spelt, {}, status_code=429)
