"""Camera moves, one per file. `scenes.cameras.move` holds the contract."""
