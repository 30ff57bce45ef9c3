"""What one may narrow a list of places down to, with the number of places that would be left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from apps.guide.place_query import PlaceQuery


class Node(NamedTuple):
    """A category or region; `parent` is 0 at the first level."""

    key: int
    parent: int
    code: str
    name: str


class Tree:
    """Categories or regions, and which of them lie in which."""

    def __init__(self, nodes: list[Node]):
        self.nodes = {node.key: node for node in nodes}
        self.by_code = {node.code: node for node in nodes}
        self.below: dict[int, list[int]] = {}
        for node in nodes:
            self.below.setdefault(node.parent, []).append(node.key)

    def with_below(self, key: int) -> list[int]:
        """Return a node and all that lies in it."""
        found = [key]
        for each in found:
            found += self.below.get(each, [])
        return found

    def chain(self, key: int) -> list[Node]:
        """Return a node and what it lies in, the largest first."""
        nodes = [self.nodes[key]]
        while nodes[0].parent in self.nodes:
            nodes.insert(0, self.nodes[nodes[0].parent])
        return nodes


class Choice(NamedTuple):
    """One value of a facet: what choosing it would show, or leaving it where it is chosen."""

    code: str
    name: str
    count: int
    chosen: bool
    address: str


class Facets(NamedTuple):
    categories: list[Choice]
    regions: list[Choice]
    pictured: Choice
    open_now: Choice


class Filters:
    """Which rows every filter of a query lets through.

    rows: what the words of the query match, with category, region and pictured; opened: which
    of them are open now.
    """

    def __init__(
        self,
        query: PlaceQuery,
        rows: np.ndarray,
        *,
        opened: np.ndarray,
        categories: Tree,
        regions: Tree,
    ):
        self.query, self.rows, self.opened = query, rows, opened
        self.trees = {"category": categories, "region": regions}
        self._holds: Mapping[str, np.ndarray | None] = {
            "category": self._inside("category"),
            "region": self._inside("region"),
            "pictured": rows["pictured"] if query.pictured else None,
            "open_now": opened if query.open_now else None,
        }

    def fitting(self, *, without: str = "") -> np.ndarray:
        """Return the mask of rows that fit; without one filter: its counts say what it would do."""
        fits = np.ones(len(self.rows), dtype=bool)
        for name, mask in self._holds.items():
            if mask is not None and name != without:
                fits &= mask
        return fits

    def facets(self) -> Facets:
        return Facets(
            categories=self._choices("category"),
            regions=self._choices("region"),
            pictured=self._switch("pictured", self.rows["pictured"]),
            open_now=self._switch("open_now", self.opened),
        )

    def _inside(self, field: str) -> np.ndarray | None:
        """Return which rows lie in the chosen node; in one that nobody knows there are none."""
        code = getattr(self.query, field)
        if not code:
            return None
        node = self.trees[field].by_code.get(code)
        below = self.trees[field].with_below(node.key) if node else []
        return np.isin(self.rows[field], below)

    def _choices(self, field: str) -> list[Choice]:
        """Return the chosen node and what it lies in, then what one may go on to."""
        tree, code = self.trees[field], getattr(self.query, field)
        keys, numbers = np.unique(self.rows[field][self.fitting(without=field)], return_counts=True)
        counts = dict(zip(keys.tolist(), numbers.tolist(), strict=True))
        chosen = tree.by_code.get(code)
        path = tree.chain(chosen.key) if chosen else []
        going_on = [tree.nodes[key] for key in tree.below.get(chosen.key if chosen else 0, [])]

        def choice(node: Node) -> Choice:
            count = sum(counts.get(each, 0) for each in tree.with_below(node.key))
            # Leaving a choice leads to what it lies in.
            is_chosen = node in path
            above = tree.nodes[node.parent].code if node.parent in tree.nodes else ""
            target = self.query.address(**{field: above if is_chosen else node.code})
            return Choice(node.code, node.name or node.code, count, is_chosen, target)

        offered = [each for each in map(choice, going_on) if each.count]
        return [*map(choice, path), *sorted(offered, key=lambda each: -each.count)]

    def _switch(self, field: str, holds: np.ndarray) -> Choice:
        chosen = getattr(self.query, field)
        count = int(np.count_nonzero(holds & self.fitting(without=field)))
        return Choice(field, "", count, chosen, self.query.address(**{field: not chosen}))
