true # not executable
