"""How clips are made: checked, asked about, rendered and written. bpy only in `generator.blender`."""
