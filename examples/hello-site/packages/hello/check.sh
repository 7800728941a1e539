#!/bin/sh
# Usage: sh check.sh FOLDER VERSION
# Exit code 5: exactly this version is installed, 0: another one is, 1: none is.
version=$(cat "$1/hello/VERSION" 2>/dev/null) || exit 1
echo "installed: $version, wanted: $2"
[ "$version" = "$2" ] && exit 5
exit 0
