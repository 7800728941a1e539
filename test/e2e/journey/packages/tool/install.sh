#!/bin/sh
# Installs the tool into the folder of its first argument.
set -eu
mkdir -p "$1"
cp tool.txt "$1/tool.txt"
