#!/bin/sh
# Usage: sh install.sh FOLDER
# Unpacks hello.tar.gz below FOLDER, and nowhere else. Exit code 0: done, 1: failed, 2: wrong usage.
set -eu
if [ "$#" -ne 1 ] || [ ! -d "$1" ]; then
  echo "install.sh: name a folder that exists" >&2
  exit 2
fi
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# Unpacked aside and moved, so that a run that is cut off leaves no half of it.
rm -rf "$1/hello.new"
mkdir "$1/hello.new"
gzip -dc "$here/hello.tar.gz" | tar -xf - -C "$1/hello.new"
rm -rf "$1/hello"
mv "$1/hello.new/hello" "$1/hello"
rmdir "$1/hello.new"
echo "hello $(cat "$1/hello/VERSION") is in $1/hello"
