#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The whole story on the built-in base model: coat a painter's works, personalise a model on them, generate, audit it and an
# innocent model.
# usage: examples/demo.sh PATINA_BINARY [OUTPUT_FOLDER]
set -euo pipefail

patina=$(realpath "$1")
root=$(cd "$(dirname "$0")/.." && pwd)
paintings=$root/fixtures/paintings
out=${2:-$root/build/demo}

say() { printf '\n== %s\n' "$*"; }

images_of() { # images_of MODEL_FLAG MODEL FOLDER FIRST_SEED [PROMPT]
  "$patina" generate "$1" "$2" -o "$3" --seed "$4" --batch 64 --steps 15 --scheduler dpm++2m --guidance 3 --quiet \
    ${5:+--prompt "$5"} >/dev/null
}

rm -rf "$out"
mkdir -p "$out"

say "1. An owner coats 25 paintings before publishing them; the key stays secret."
"$patina" coat "$paintings/claude-monet" -o "$out/published" --key "$out/owner.key" --seed 2025

say "2. The owner looks at one of them: clean, coated, difference times ten."
"$patina" coat "$paintings/claude-monet/001.jpg" -o "$out/unused" --use-key "$out/owner.key" --preview "$out/preview.png"

say "3. Somebody fine-tunes a text-to-image model on the published paintings."
"$patina" personalize --images "$out/published" -o "$out/infringer" --prompt "a painting by claude monet" --steps 250 --seed 1

say "4. Somebody else fine-tunes one on another painter, which nobody coated."
"$patina" personalize --images "$paintings/vincent-van-gogh" -o "$out/innocent" --prompt "a painting by vincent van gogh" \
  --steps 100 --seed 2

say "5. Both models, and the base that nobody personalised, make 64 images each."
images_of --personalized "$out/infringer" "$out/suspect-images" 1000
images_of --personalized "$out/innocent" "$out/innocent-images" 2000
images_of --base "$root/fixtures/base" "$out/benign-images" 3000 "a painting by claude monet"

audit() { # audit IMAGES BUNDLE TITLE
  local status=0
  "$patina" audit --key "$out/owner.key" --commitment "$out/published/commitment.json" \
    --benign "$out/benign-images" --suspect "$1" -o "$2" --case "$3" || status=$?
  return "$status"
}

say "6. The audit of the first model. Its verdict:"
audit "$out/suspect-images" "$out/bundle" "Demo: a model fine-tuned on coated paintings"

say "7. Anyone who receives the bundle recomputes every number in it."
"$patina" verify "$out/bundle"

say "8. The same audit of the other model must find nothing. Its verdict:"
innocent=0
audit "$out/innocent-images" "$out/innocent-bundle" "Demo: a model fine-tuned on another painter" || innocent=$?
if [ "$innocent" -ne 1 ]; then
  echo "the innocent model was not cleared (exit $innocent)" >&2
  exit 1
fi

say "Done. Preview: $out/preview.png; the models' images: $out/suspect-images, $out/innocent-images"
echo "The report to attach: $out/bundle/report.pdf"
