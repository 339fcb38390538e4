"""Rigid-object motions, one template per file. `scenes.motions.motion` holds the contract."""
