"""One more motion and one more question for MotionFoundry."""
