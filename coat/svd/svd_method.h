// SPDX-License-Identifier: Apache-2.0
// The method "dct-dwt-svd": a classical watermark of 32 bits, a baseline of [Siren 2025, Sec. 5.2].
// Its score is the share of blocks that do not read as their bit. Entry points: make_key,
// make_coating.
#pragma once

#include "coat/method/coating.h"
#include "coat/method/key_request.h"
#include "coat/method/method_words.h"
#include "keys/coat_key.h"

namespace patina::coat::svd {

MethodWords words();

/// Draws the bits from the seed; the images do not matter.
keys::CoatKey make_key(const KeyRequest& request);

/// Throws Error{kInput} for a key without "bits" or "step".
Coating make_coating(const keys::CoatKey& key);

}  // namespace patina::coat::svd
