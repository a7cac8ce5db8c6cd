#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The main job on the sample photographs: coat a set, audit a suspect that shows coated images and one that does not.
# usage: examples/demo.sh PATINA_BINARY [OUTPUT_FOLDER]
set -euo pipefail

patina=$(realpath "$1")
root=$(cd "$(dirname "$0")/.." && pwd)
photos=$root/fixtures/photos
out=${2:-$root/build/demo}

say() { printf '\n== %s\n' "$*"; }

rm -rf "$out"
mkdir -p "$out"

say "1. An owner coats 12 photographs before publishing them; the key stays secret."
"$patina" coat "$photos/owner" -o "$out/published" --key "$out/owner.key" --seed 2025

say "2. The owner looks at one coated photograph: clean, coated, difference times ten."
"$patina" coat "$photos/owner" -o "$out/unused" --use-key "$out/owner.key" --preview "$out/preview.png"

say "3. A suspect shows 12 other images that carry the same coating."
"$patina" coat "$photos/released" -o "$out/suspect" --use-key "$out/owner.key" --quiet
rm "$out/suspect/commitment.json"

say "4. The audit compares them with 20 benign images."
audit() {
  local status=0
  "$patina" audit --key "$out/owner.key" --commitment "$out/published/commitment.json" \
    --benign "$photos/benign" "$@" || status=$?
  return "$status"
}
audit --suspect "$out/suspect" -o "$out/bundle" --case "Demo: a suspect with coated images"

say "5. Anyone who receives the bundle recomputes every number in it."
"$patina" verify "$out/bundle"

say "6. The same audit of an innocent suspect must find nothing."
innocent=0
audit --suspect "$photos/innocent" -o "$out/innocent-bundle" --case "Demo: an innocent suspect" || innocent=$?
if [ "$innocent" -ne 1 ]; then
  echo "the innocent suspect was not cleared (exit $innocent)" >&2
  exit 1
fi

say "Done. Preview: $out/preview.png"
echo "The report to attach: $out/bundle/report.pdf"
