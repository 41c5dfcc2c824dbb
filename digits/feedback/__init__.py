"""What people say was wrong: kept, exported for training, deleted."""
