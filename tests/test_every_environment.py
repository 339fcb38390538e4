"""Every registered environment: the same from the same seed, empty where the film is made, deep wherever one looks."""

import dataclasses

import numpy as np
import pytest
import trimesh

from scenes.environments.environment import ENVIRONMENTS, build
from scenes.patterns import paint
from scenes.shapes import SHAPES, random_pattern, surfaces  # noqa: F401  (see test_objects_stand_out)
from scenes.types import EnvironmentSpec
