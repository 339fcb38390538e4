"""A video language model with six ways to compress frames, its trainer, and the probe that says which motions it fails on."""
