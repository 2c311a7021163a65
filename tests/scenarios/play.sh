#!/bin/sh
# A test: play.sh PLAYER FILE plays the scenario FILE.
exec "$1" "$2"
