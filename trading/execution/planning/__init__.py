"""What has to be done now, as pure functions of one moment."""
