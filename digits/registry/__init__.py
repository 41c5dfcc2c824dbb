"""Model folders kept as ``name:version``, with tags and stages."""
