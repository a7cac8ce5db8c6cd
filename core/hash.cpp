// SPDX-License-Identifier: Apache-2.0
// SHA-256 comes from OpenSSL; the Merkle tree [RFC 9162, Sec. 2.1.1] is written out here:
//   MTH({}) = H();  MTH({d}) = H(0x00 | d);
//   MTH(D[0:n]) = H(0x01 | MTH(D[0:k]) | MTH(D[k:n])), k the largest power of two below n.
#include "core/hash.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/random.h>
#include <system_error>
#include <unistd.h>

#include <openssl/evp.h>

#include "core/error.h"

namespace patina::core {
namespace {

constexpr std::size_t kFileBlockBytes = std::size_t{1} << 18;
constexpr std::size_t kMaxEntropyBytes = 256;  // of one getentropy() call

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

void require(bool ok, const char* step) {
  if (!ok) {
    throw Error(ErrorKind::kResource, "OpenSSL", std::string(step) + " failed", "free some memory");
  }
}

std::string_view view(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// Root over the leaf hashes [first, last), at least one.
Digest subtree_root(const Digest* first, const Digest* last) {
  const std::ptrdiff_t count = last - first;
  if (count == 1) {
    return *first;
  }
  std::ptrdiff_t left = 1;
  while (2 * left < count) {
    left *= 2;
  }
  const Digest left_root = subtree_root(first, first + left);
  const Digest right_root = subtree_root(first + left, last);
  return Sha256().update("\x01").update(view(left_root)).update(view(right_root)).finish();
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return -1;
}

}  // namespace

struct Sha256::Impl {
  std::unique_ptr<EVP_MD_CTX, ContextDeleter> context{EVP_MD_CTX_new()};

  void start() {
    require(context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1, "SHA-256");
  }
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) { impl_->start(); }
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::update(const void* data, std::size_t size) {
  require(size == 0 || EVP_DigestUpdate(impl_->context.get(), data, size) == 1, "SHA-256");
  return *this;
}

Digest Sha256::finish() {
  Digest digest{};
  require(EVP_DigestFinal_ex(impl_->context.get(), digest.data(), nullptr) == 1, "SHA-256");
  impl_->start();
  return digest;
}

Digest sha256(std::string_view bytes) { return Sha256().update(bytes).finish(); }

Digest sha256(const std::vector<std::uint8_t>& bytes) {
  return Sha256().update(bytes.data(), bytes.size()).finish();
}

Digest sha256_file(const std::filesystem::path& path) {
  struct Closer {
    int descriptor;
    ~Closer() { ::close(descriptor); }
  };
  const auto fail = [&path]() -> Error {
    return {ErrorKind::kDisk,
            path.string(),
            "cannot be read (" + std::generic_category().message(errno) + ")",
            "check the path and its permissions"};
  };
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    throw fail();
  }
  const Closer closer{descriptor};
  Sha256 hash;
  std::vector<char> block(kFileBlockBytes);
  for (;;) {
    const ssize_t got = ::read(descriptor, block.data(), block.size());
    if (got == 0) {
      return hash.finish();
    }
    if (got > 0) {
      hash.update(block.data(), static_cast<std::size_t>(got));
    } else if (errno != EINTR) {
      throw fail();
    }
  }
}

std::string to_hex(const std::uint8_t* data, std::size_t size) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * size);
  for (std::size_t i = 0; i < size; ++i) {
    hex += kDigits[data[i] >> 4];
    hex += kDigits[data[i] & 0x0F];
  }
  return hex;
}

std::string to_hex(const Digest& digest) { return to_hex(digest.data(), digest.size()); }

std::vector<std::uint8_t> from_hex(std::string_view hex, std::string_view where) {
  if (hex.size() % 2 != 0) {
    throw Error(ErrorKind::kInput,
                std::string(where),
                std::to_string(hex.size()) + " hexadecimal digits, an even number is needed",
                "copy the value again in full");
  }
  std::vector<std::uint8_t> bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = hex_value(hex[i]);
    const int low = hex_value(hex[i + 1]);
    if (high < 0 || low < 0) {
      throw Error(
          ErrorKind::kInput,
          std::string(where),
          in_quotes(hex.substr(i, 2)) + " at position " + std::to_string(i) + " is not hexadecimal",
          "use the digits 0-9 and a-f");
    }
    bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return bytes;
}

Digest merkle_root(const std::vector<std::string>& leaves) {
  if (leaves.empty()) {
    return sha256(std::string_view());
  }
  std::vector<Digest> hashes;
  hashes.reserve(leaves.size());
  for (const std::string& leaf : leaves) {
    hashes.push_back(Sha256().update(std::string_view("\0", 1)).update(leaf).finish());
  }
  return subtree_root(hashes.data(), hashes.data() + hashes.size());
}

std::vector<std::uint8_t> random_bytes(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t at = 0; at < size; at += kMaxEntropyBytes) {
    if (::getentropy(bytes.data() + at, std::min(kMaxEntropyBytes, size - at)) != 0) {
      throw Error(ErrorKind::kResource,
                  "system random generator",
                  "gives no bytes (" + std::generic_category().message(errno) + ")",
                  "check that the system offers getrandom");
    }
  }
  return bytes;
}

}  // namespace patina::core
