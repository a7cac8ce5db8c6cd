// SPDX-License-Identifier: Apache-2.0
// Small pictures for tests of what comes over the network.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace patina::images {

/// A PNG of noise that depends on the seed.
std::string noise_png(std::uint64_t seed, int side_px = 64);
/// A PNG of one grey.
std::string blank_png(int side_px = 64);
std::string noise_jpeg(std::uint64_t seed, int side_px = 64);
/// Pictures of a few broad waves: the same seed gives the same picture at every size.
std::string smooth_png(std::uint64_t seed, int side_px = 64);
std::string smooth_jpeg(std::uint64_t seed, int side_px = 64);
/// The PNG with a chunk of that type and body before its last one.
std::string with_chunk(const std::string& png, const std::string& type, const std::string& body);
/// As zlib compresses it.
std::string compressed(const std::string& text);
std::vector<std::uint8_t> bytes_of(const std::string& text);

}  // namespace patina::images
