// SPDX-License-Identifier: Apache-2.0
// Passphrase encryption of secrets at rest: scrypt (RFC 7914, N=2^15, r=8, p=1) and AES-256-GCM,
// both through OpenSSL. Layout: "PATINABX" | version 1 | 16-byte salt | 12-byte nonce | ciphertext
// | 16-byte tag; everything before the ciphertext is authenticated.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace patina::core {

std::vector<std::uint8_t> seal(const std::vector<std::uint8_t>& plain,
                               const std::string& passphrase);
/// Throws Error{kInput} naming `where` on a wrong passphrase or changed bytes (indistinguishable).
std::vector<std::uint8_t> unseal(const std::vector<std::uint8_t>& box,
                                 const std::string& passphrase,
                                 const std::string& where);
bool is_sealed(const std::vector<std::uint8_t>& bytes);

}  // namespace patina::core
