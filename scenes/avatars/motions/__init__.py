"""What avatars do: one motion per file."""
