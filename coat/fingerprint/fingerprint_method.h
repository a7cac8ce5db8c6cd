// SPDX-License-Identifier: Apache-2.0
// The method "fingerprint": bits that a trained encoder lays on [Yu 2021], a baseline of [Siren
// 2025]. Entry points: make_key, make_coating.
#pragma once

#include "coat/method/coating.h"
#include "coat/method/key_request.h"
#include "coat/method/method_words.h"
#include "keys/coat_key.h"

namespace patina::coat::fingerprint {

MethodWords words();

/// Draws the bits from the seed and takes the pair that ships with the product; the images do not
/// matter.
keys::CoatKey make_key(const KeyRequest& request);

/// Throws Error{kInput} for a key without bits, encoder or decoder.
Coating make_coating(const keys::CoatKey& key);

}  // namespace patina::coat::fingerprint
