"""Environments, one per file. `scenes.environments.environment` holds the contract."""
