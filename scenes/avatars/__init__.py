"""Avatars: articulated bodies of rigid limbs, one kind per file, driven by joint angles."""
