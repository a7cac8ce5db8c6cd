// SPDX-License-Identifier: Apache-2.0
// zlib streams [RFC 1950] held in memory, as PNG chunks and TIFF strips carry them.
#pragma once

#include <optional>

#include "core/byte_reader.h"

namespace patina::core {

/// kDifferences: what a PNG filter or TIFF predictor leaves, small values without long repetitions.
/// On photographs it saves two to six per cent against kText.
enum class DeflateContent { kText, kDifferences };

enum class DeflateEffort { kBest, kDefault };

/// The best for up to 16 MiB; beyond, zlib's default, five times as fast and two to five per cent
/// larger.
DeflateEffort effort_for(std::size_t total_bytes);

Bytes deflate_bytes(const std::uint8_t* data,
                    std::size_t size,
                    DeflateContent content = DeflateContent::kText,
                    DeflateEffort effort = DeflateEffort::kBest);

/// Empty optional if the stream is damaged or expands beyond `max_bytes`.
std::optional<Bytes> inflate_bytes(const std::uint8_t* data,
                                   std::size_t size,
                                   std::size_t max_bytes);

}  // namespace patina::core
