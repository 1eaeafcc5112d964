"""What surrounds the notebooks: the learner's working copy."""
