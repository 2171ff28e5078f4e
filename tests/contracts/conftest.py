"""What the contract suites share."""

from tests.support.azurite import azurite, fresh_name

__all__ = ["azurite", "fresh_name"]
