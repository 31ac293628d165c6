"""The GraphQL documents that are sent: values travel as variables only."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from gql import gql
from graphql import FieldNode, OperationDefinitionNode, OperationType

if TYPE_CHECKING:
    from gql import GraphQLRequest

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

CREATE_TEXT_COLUMN = f"""
mutation CreateTextColumn($board: ID!, $title: String!, $id: String!) {{
  row0: create_column(board_id: $board, column_type: text, title: $title, id: $id) {{ id }}
  {COMPLEXITY}
}}
"""
"""It is sent like one row of several."""


@cache
def document(text: str) -> GraphQLRequest:
    """Parse a document, once."""
    return gql(text)


@cache
def kind(text: str) -> str:
    """Name what a document asks for, as its cost is known by: a mutation's first field, or a query's own name."""
    operation = next(
        one for one in document(text).document.definitions if isinstance(one, OperationDefinitionNode)
    )
    if operation.operation is not OperationType.MUTATION and operation.name is not None:
        return operation.name.value
    return next(one.name.value for one in operation.selection_set.selections if isinstance(one, FieldNode))


def alias(index: int) -> str:
    """Name the `index`th mutation of a request, counted from 0."""
    return f"row{index}"


@cache
def create_groups(count: int) -> str:
    """Write the document that creates `count` groups: variables `title0` and so on."""
    variables = "".join(f", $title{i}: String!" for i in range(count))
    mutations = "\n".join(
        f"  {alias(i)}: create_group(board_id: $board, group_name: $title{i}) {{ id }}" for i in range(count)
    )
    return f"mutation CreateGroups($board: ID!{variables}) {{\n{mutations}\n  {COMPLEXITY}\n}}"


@cache
def create_items(count: int) -> str:
    """Write the document that creates `count` items: variables `name0`, `group0`, `values0` and so on.

    It selects `id` alone: a mutation whose result cannot be read was executed all the same.
    """
    variables = "".join(f", $name{i}: String!, $group{i}: String!, $values{i}: JSON!" for i in range(count))
    mutations = "\n".join(
        f"  {alias(i)}: create_item(board_id: $board, item_name: $name{i}, group_id: $group{i}, "
        f"column_values: $values{i}, create_labels_if_missing: true) {{ id }}"
        for i in range(count)
    )
    return f"mutation CreateItems($board: ID!{variables}) {{\n{mutations}\n  {COMPLEXITY}\n}}"


@cache
def create_subitems(count: int) -> str:
    """Write the document that creates `count` subitems: variables `parent0`, `name0`, `values0` and so on."""
    variables = ", ".join(f"$parent{i}: ID!, $name{i}: String!, $values{i}: JSON!" for i in range(count))
    mutations = "\n".join(
        f"  {alias(i)}: create_subitem(parent_item_id: $parent{i}, item_name: $name{i}, "
        f"column_values: $values{i}, create_labels_if_missing: true) {{ id }}"
        for i in range(count)
    )
    return f"mutation CreateSubitems({variables}) {{\n{mutations}\n  {COMPLEXITY}\n}}"
