#!/bin/sh
# split_hot.sh LLVM_BIN HOT.bc FOLDER OUT.a: an archive with a module for each function of HOT.bc that is for others, so
# that who wants one reads no other. FOLDER is for files in between.
set -eu
bin=$1 all=$2 folder=$3 out=$4
rm -rf "$folder" "$out"
mkdir -p "$folder"
"$bin/llvm-nm" --defined-only --format=just-symbols "$all" | grep '^spile_hot_' | while read -r name; do
  "$bin/llvm-extract" --func="$name" --recursive "$all" -o "$folder/$name.bc"
done
"$bin/llvm-ar" rcsD "$out" "$folder"/*.bc
