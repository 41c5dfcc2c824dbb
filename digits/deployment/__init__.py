"""From a registered model to an endpoint that has proved itself."""
