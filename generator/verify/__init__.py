"""Proof that a data set is what it says, from nothing but its files: ``python -m generator.verify DIR``."""
