"""The GraphQL documents that are sent: values travel as variables only."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from gql import GraphQLRequest
from graphql import FieldNode, OperationDefinitionNode, OperationType, parse

from order_staging.monday.costs import Request

KEPT = 64
"""Documents that are kept as they are parsed: those that change rows come in many shapes."""

COMPLEXITY = "complexity { before after query reset_in_x_seconds }"
"""What a request cost, and what is left; read after the mutations of the same request."""

BOARD = """
query Board($board: ID!) {
  boards(ids: [$board]) {
    id
    name
    items_count
    items_limit
    groups { id title archived deleted }
    columns { id title type archived settings }
  }
}
"""

GROUPS = """
query Groups($board: ID!) {
  boards(ids: [$board]) { groups { id title archived deleted } }
}
"""

ITEMS_BY_KEY = """
query ItemsByKey($board: ID!, $column: String!, $keys: [String]!, $limit: Int!, $shown: [String!]) {
  page: items_page_by_column_values(
    board_id: $board, limit: $limit, columns: [{column_id: $column, column_values: $keys}]
  ) {
    cursor
    items { id column_values(ids: $shown) { text } }
  }
}
"""

NEXT_ITEMS_BY_KEY = """
query NextItemsByKey($cursor: String!, $limit: Int!, $shown: [String!]) {
  page: next_items_page(cursor: $cursor, limit: $limit) {
    cursor
    items { id column_values(ids: $shown) { text } }
  }
}
"""

ITEMS_OF_GROUP = """
query ItemsOfGroup($board: ID!, $group: String!, $limit: Int!) {
  boards(ids: [$board]) {
    groups(ids: [$group]) {
      page: items_page(limit: $limit) { cursor items { id name } }
    }
  }
}
"""

NEXT_PAGE = """
query NextPage($cursor: String!, $limit: Int!) {
  page: next_items_page(cursor: $cursor, limit: $limit) { cursor items { id name } }
}
"""

SUBITEMS = """
query Subitems($ids: [ID!]!, $limit: Int!) {
  items(ids: $ids, limit: $limit) { id subitems { id name } }
}
"""

VALUES = "id type text value ... on DropdownValue { values { id label } }"
"""A column's value; the text of a dropdown does not tell a comma within a label from one between two."""

ITEM = f"id name state group {{ id title }} column_values(ids: $columns) {{ {VALUES} }}"

ITEMS_NOW = f"""
query ItemsNow($ids: [ID!]!, $limit: Int!, $columns: [String!]) {{
  items(ids: $ids, limit: $limit, exclude_nonactive: false) {{ {ITEM} }}
}}
"""
"""Archived and deleted items, too."""

BOARDS_OF_ITEMS = """
query BoardsOfItems($ids: [ID!]!, $limit: Int!) {
  items(ids: $ids, limit: $limit, exclude_nonactive: false) { id board { id } }
}
"""
"""Items are known by their ids whatever board they are on."""

ITEMS_WITH_SUBITEMS = f"""
query ItemsWithSubitems($ids: [ID!]!, $limit: Int!, $columns: [String!], $shown: [String!]) {{
  items(ids: $ids, limit: $limit, exclude_nonactive: false) {{
    {ITEM}
    subitems {{ id name state column_values(ids: $shown) {{ {VALUES} }} }}
  }}
}}
"""

ITEMS_IN_GROUP = f"""
query ItemsInGroup($board: ID!, $group: String!, $limit: Int!, $columns: [String!]) {{
  boards(ids: [$board]) {{
    groups(ids: [$group]) {{
      page: items_page(limit: $limit) {{ cursor items {{ {ITEM} }} }}
    }}
  }}
}}
"""

NEXT_ITEMS_IN_GROUP = f"""
query NextItemsInGroup($cursor: String!, $limit: Int!, $columns: [String!]) {{
  page: next_items_page(cursor: $cursor, limit: $limit) {{ cursor items {{ {ITEM} }} }}
}}
"""

START_IMPORT = f"""
mutation StartImport($board: ID!, $group: ID!, $column: String!) {{
  job: ingest_items(
    board_id: $board, group_id: $group, on_match: {{match_column_id: $column, behaviour: SKIP}}
  ) {{ job_id upload_url }}
  {COMPLEXITY}
}}
"""
"""An item whose key is on the board already is passed over: a file that is imported twice creates nothing twice."""

IMPORT_STATUS = """
query ImportStatus($job: ID!) {
  job: fetch_job_status(job_id: $job) {
    ... on ItemsJobStatus {
      status
      progress_percentage
      failure_reason
      failure_message
      report_url
      counts { submitted invalid skipped created updated failed }
    }
  }
}
"""

VERSIONS = """
query Versions {
  version { value kind }
  versions { value kind }
}
"""

USER = """
query TokensUser {
  me { id name kind status }
}
"""

ACCESS = """
query Access($board: ID!) {
  boards(ids: [$board]) { permissions owners { id } }
}
"""

DAILY_CALLS = """
query DailyCalls {
  platform_api { daily_limit { base total } daily_analytics { by_day { day usage } } }
}
"""

ACTIVITY = """
query Activity($board: ID!, $items: [ID!], $columns: [String], $limit: Int!) {
  boards(ids: [$board]) {
    activity_logs(item_ids: $items, column_ids: $columns, limit: $limit) { user_id data created_at }
  }
}
"""

USERS = """
query Users($ids: [ID!], $limit: Int!) {
  users(ids: $ids, limit: $limit) { id name }
}
"""

CREATE_TEXT_COLUMN = f"""
mutation CreateTextColumn($board: ID!, $title: String!, $id: String!) {{
  row0: create_column(board_id: $board, column_type: text, title: $title, id: $id) {{ id }}
  {COMPLEXITY}
}}
"""
"""It is sent like one row of several."""


@lru_cache(maxsize=KEPT)
def document(text: str) -> GraphQLRequest:
    """Parse a document, once as long as it is in use."""
    return GraphQLRequest(parse(text, no_location=True))


@lru_cache(maxsize=KEPT)
def asked(text: str) -> Request:
    """Tell what a document asks for, as its cost is known: its mutations by kind, or a query's own name."""
    operation = _operation(text)
    if operation.operation is not OperationType.MUTATION and operation.name is not None:
        return Request(operation.name.value)
    fields = (one.name.value for one in operation.selection_set.selections if isinstance(one, FieldNode))
    (kind, count), *others = Counter(name for name in fields if name != "complexity").items()
    return Request(kind, count, tuple(others))


@lru_cache(maxsize=KEPT)
def aliases(text: str) -> tuple[str, ...]:
    """List the aliases of a document's mutations, in their order."""
    fields = [one for one in _operation(text).selection_set.selections if isinstance(one, FieldNode)]
    return tuple(one.alias.value for one in fields if one.alias is not None)


def alias(index: int) -> str:
    """Name the `index`th mutation of a request, counted from 0."""
    return f"row{index}"


@lru_cache(maxsize=KEPT)
def create_groups(count: int) -> str:
    """Write the document that creates `count` groups: variables `title0` and so on."""
    variables = "".join(f", $title{i}: String!" for i in range(count))
    mutations = "\n".join(
        f"  {alias(i)}: create_group(board_id: $board, group_name: $title{i}) {{ id }}" for i in range(count)
    )
    return f"mutation CreateGroups($board: ID!{variables}) {{\n{mutations}\n  {COMPLEXITY}\n}}"


def _operation(text: str) -> OperationDefinitionNode:
    definitions = document(text).document.definitions
    return next(one for one in definitions if isinstance(one, OperationDefinitionNode))
