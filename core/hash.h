// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) and a Merkle tree (RFC 9162, Sec. 2.1) over digests.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace patina::core {

using Digest = std::array<std::uint8_t, 32>;

/// Not for use by several threads at once.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  Sha256& update(const void* data, std::size_t size);
  Sha256& update(std::string_view text) { return update(text.data(), text.size()); }
  Digest finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

Digest sha256(std::string_view bytes);
Digest sha256(const std::vector<std::uint8_t>& bytes);
/// Streams the file in blocks. Throws Error{kDisk} if it cannot be read.
Digest sha256_file(const std::filesystem::path& path);

/// Lower-case hexadecimal.
std::string to_hex(const std::uint8_t* data, std::size_t size);
std::string to_hex(const Digest& digest);
/// Inverse of to_hex; throws Error{kInput} naming `where` on an odd length or a non-hex character.
std::vector<std::uint8_t> from_hex(std::string_view hex, std::string_view where);

/// Merkle tree hash of the leaves in the given order, with the leaf (0x00) and node (0x01) prefixes
/// of RFC 9162. The root of no leaves is SHA-256 of the empty string.
Digest merkle_root(const std::vector<std::string>& leaves);

/// Bytes from the operating system's generator.
std::vector<std::uint8_t> random_bytes(std::size_t size);

}  // namespace patina::core
