"""What a clip is: specifications, catalogues and exact trajectories. Pure numpy and trimesh; never bpy, torch or hydra."""
