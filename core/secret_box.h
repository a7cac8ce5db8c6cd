// SPDX-License-Identifier: Apache-2.0
// Secrets at rest: files that nobody else may read, and passphrase encryption by scrypt (RFC 7914,
// N=2^15, r=8, p=1) and AES-256-GCM, both through OpenSSL. Layout of a sealed box: "PATINABX" |
// version 1 | 16-byte salt | 12-byte nonce | ciphertext | 16-byte tag; everything before the
// ciphertext is authenticated.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace patina::core {

std::vector<std::uint8_t> seal(const std::vector<std::uint8_t>& plain,
                               const std::string& passphrase);
/// Throws Error{kInput} naming `where` on a wrong passphrase or changed bytes (indistinguishable).
std::vector<std::uint8_t> unseal(const std::vector<std::uint8_t>& box,
                                 const std::string& passphrase,
                                 const std::string& where);
/// A secret on one line of a file that nobody else may read, without the blanks at its end. Throws
/// Error{kInput} if others may read it or it exceeds 64 KiB, Error{kDisk}.
std::string read_secret(const std::filesystem::path& file);

bool is_sealed(const std::vector<std::uint8_t>& bytes);

}  // namespace patina::core
