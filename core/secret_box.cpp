// SPDX-License-Identifier: Apache-2.0
// Key = scrypt(passphrase, salt, N, r, p) [RFC 7914]; box = AES-256-GCM [NIST SP 800-38D].
#include "core/secret_box.h"

#include <algorithm>
#include <array>
#include <climits>
#include <memory>
#include <string_view>
#include <sys/stat.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/text.h"

namespace patina::core {
namespace {

constexpr std::string_view kMagic = "PATINABX";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kSaltAt = 9;  // behind magic and version
constexpr std::size_t kNonceAt = kSaltAt + kSaltBytes;
constexpr std::size_t kCipherAt = kNonceAt + kNonceBytes;

constexpr std::uint64_t kScryptN = std::uint64_t{1} << 15;
constexpr std::uint64_t kScryptR = 8;
constexpr std::uint64_t kScryptP = 1;
constexpr std::uint64_t kScryptMaxMemory = 64ULL << 20;  // 128 * N * r = 32 MiB are used

struct ContextDeleter {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, ContextDeleter>;

/// An AES key, wiped when it goes.
struct BoxKey {
  std::array<unsigned char, 32> bytes{};
  BoxKey() = default;
  BoxKey(const BoxKey&) = delete;
  BoxKey& operator=(const BoxKey&) = delete;
  ~BoxKey() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

void require(bool ok, const char* step) {
  if (!ok) {
    throw Error(ErrorKind::kResource, "OpenSSL", std::string(step) + " failed", "free some memory");
  }
}

/// EVP takes int lengths.
int evp_size(std::size_t size) {
  if (size > INT_MAX) {
    throw Error(ErrorKind::kUnsupported,
                "secret",
                std::to_string(size) + " bytes, at most 2147483647 can be encrypted",
                "keep it without a passphrase");
  }
  return static_cast<int>(size);
}

void derive_key(const std::string& passphrase, const std::uint8_t* salt, BoxKey& key) {
  require(EVP_PBE_scrypt(passphrase.data(),
                         passphrase.size(),
                         salt,
                         kSaltBytes,
                         kScryptN,
                         kScryptR,
                         kScryptP,
                         kScryptMaxMemory,
                         key.bytes.data(),
                         key.bytes.size()) == 1,
          "scrypt");
}

std::vector<std::uint8_t> new_header() {
  std::vector<std::uint8_t> header(kMagic.begin(), kMagic.end());
  header.push_back(kVersion);
  const std::vector<std::uint8_t> random = random_bytes(kSaltBytes + kNonceBytes);
  header.insert(header.end(), random.begin(), random.end());
  return header;
}

void require_box(const std::vector<std::uint8_t>& box, const std::string& where) {
  if (!is_sealed(box) || box.size() < kCipherAt + kTagBytes) {
    throw Error(ErrorKind::kInput,
                where,
                "not a whole sealed secret (" + std::to_string(box.size()) + " bytes)",
                "use the file as it was written");
  }
  if (box[kMagic.size()] != kVersion) {
    throw Error(ErrorKind::kInput,
                where,
                "sealed in version " + std::to_string(box[kMagic.size()]) + ", this build reads 1",
                "use the file as it was written or a newer Patina");
  }
}

/// Decrypts into `plain`; false if the tag does not match.
bool decrypt(const std::vector<std::uint8_t>& box,
             const BoxKey& key,
             std::vector<std::uint8_t>& plain) {
  const Context context(EVP_CIPHER_CTX_new());
  std::array<std::uint8_t, kTagBytes> tag{};
  std::copy(box.end() - kTagBytes, box.end(), tag.begin());
  int length = 0;
  require(
      context &&
          EVP_DecryptInit_ex(
              context.get(), EVP_aes_256_gcm(), nullptr, key.bytes.data(), box.data() + kNonceAt) ==
              1,
      "AES-256-GCM");
  EVP_CIPHER_CTX* raw = context.get();
  const int size = evp_size(plain.size());
  return EVP_DecryptUpdate(raw, nullptr, &length, box.data(), int{kCipherAt}) == 1 &&
         (size == 0 ||
          EVP_DecryptUpdate(raw, plain.data(), &length, box.data() + kCipherAt, size) == 1) &&
         EVP_CIPHER_CTX_ctrl(raw, EVP_CTRL_GCM_SET_TAG, int{kTagBytes}, tag.data()) == 1 &&
         EVP_DecryptFinal_ex(raw, nullptr, &length) == 1;
}

}  // namespace

std::vector<std::uint8_t> seal(const std::vector<std::uint8_t>& plain,
                               const std::string& passphrase) {
  if (passphrase.empty()) {
    throw Error(ErrorKind::kInput, "passphrase", "empty", "give at least one character");
  }
  const int size = evp_size(plain.size());
  std::vector<std::uint8_t> box = new_header();
  BoxKey key;
  derive_key(passphrase, box.data() + kSaltAt, key);
  box.resize(kCipherAt + plain.size() + kTagBytes);

  const Context context(EVP_CIPHER_CTX_new());
  EVP_CIPHER_CTX* raw = context.get();
  std::uint8_t* cipher = box.data() + kCipherAt;
  std::uint8_t* tag = cipher + plain.size();
  int length = 0;
  require(context &&
              EVP_EncryptInit_ex(
                  raw, EVP_aes_256_gcm(), nullptr, key.bytes.data(), box.data() + kNonceAt) == 1 &&
              EVP_EncryptUpdate(raw, nullptr, &length, box.data(), int{kCipherAt}) == 1 &&
              (size == 0 || EVP_EncryptUpdate(raw, cipher, &length, plain.data(), size) == 1) &&
              EVP_EncryptFinal_ex(raw, tag, &length) == 1 &&
              EVP_CIPHER_CTX_ctrl(raw, EVP_CTRL_GCM_GET_TAG, int{kTagBytes}, tag) == 1,
          "AES-256-GCM");
  return box;
}

std::vector<std::uint8_t> unseal(const std::vector<std::uint8_t>& box,
                                 const std::string& passphrase,
                                 const std::string& where) {
  require_box(box, where);
  BoxKey key;
  derive_key(passphrase, box.data() + kSaltAt, key);
  std::vector<std::uint8_t> plain(box.size() - kCipherAt - kTagBytes);
  if (!decrypt(box, key, plain)) {
    OPENSSL_cleanse(plain.data(), plain.size());
    throw Error(ErrorKind::kInput,
                where,
                "wrong passphrase or changed bytes",
                "type the passphrase again or restore the file");
  }
  return plain;
}

bool is_sealed(const std::vector<std::uint8_t>& bytes) {
  return bytes.size() >= kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), bytes.begin());
}

std::string read_secret(const std::filesystem::path& file) {
  constexpr std::uint64_t kMaxSecretBytes = 64 << 10;
  struct stat facts {};
  if (::stat(file.c_str(), &facts) == 0 && (facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    throw Error(ErrorKind::kInput,
                printable(file.string()),
                "can be read by others, and it holds a secret",
                "chmod 600 it");
  }
  std::string key = read_text_file(file, kMaxSecretBytes);
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r' || key.back() == ' ')) {
    key.pop_back();
  }
  return key;
}

}  // namespace patina::core
