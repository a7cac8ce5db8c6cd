// SPDX-License-Identifier: Apache-2.0
#include "core/secret_box.h"

#include <algorithm>
#include <string_view>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::core {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

// Sealed by Python's cryptography 48.0.0 (Scrypt, AESGCM): passphrase "correct horse", salt 00..0f,
// nonce 10..1b, plain text "coating key".
constexpr std::string_view kForeignBox =
    "504154494e41425801000102030405060708090a0b0c0d0e0f101112131415161718191a1b15bc7a9a99e8c5237565"
    "2d"
    "0bf93ee250dfe552f2360e4a4913751e";

TEST(SecretBox, OpensWhatAnotherImplementationSealed) {
  const Bytes box = from_hex(kForeignBox, "test");
  EXPECT_EQ(unseal(box, "correct horse", "key"), bytes_of("coating key"));
}

TEST(SecretBox, RoundTripsShortAndLongSecrets) {
  for (const std::size_t size : {0U, 1U, 100000U}) {
    const Bytes plain(size, 0x5A);
    const Bytes box = seal(plain, "p\xC3\xA4ss");
    EXPECT_EQ(box.size(), 8 + 1 + 16 + 12 + size + 16);
    EXPECT_EQ(unseal(box, "p\xC3\xA4ss", "key"), plain);
  }
}

TEST(SecretBox, ShowsNothingOfThePlainTextAndNeverRepeatsItself) {
  const Bytes plain = bytes_of("a rather long plain text that must not show");
  const Bytes box = seal(plain, "x");
  EXPECT_EQ(std::search(box.begin(), box.end(), plain.begin(), plain.begin() + 4), box.end());
  const Bytes again = seal(plain, "x");
  EXPECT_FALSE(std::equal(box.begin() + 9, box.begin() + 25, again.begin() + 9)) << "salt";
  EXPECT_FALSE(std::equal(box.begin() + 25, box.begin() + 37, again.begin() + 25)) << "nonce";
}

TEST(SecretBox, RefusesAWrongPassphrase) {
  const Bytes box = from_hex(kForeignBox, "test");
  for (const char* wrong : {"", "correct horsf", "Correct horse", "correct horse "}) {
    const Error error = caught([&] { unseal(box, wrong, "coat.key"); });
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_STREQ(
        error.what(),
        "coat.key: wrong passphrase or changed bytes; type the passphrase again or restore "
        "the file.");
  }
}

// Every byte of the mark and the version; from there on every ninth, which comes to two of the salt,
// two of the nonce, one of the ciphertext and two of the tag, for each costs a derivation of the key.
TEST(SecretBox, RefusesFlippedBytesOfEveryPart) {
  constexpr std::size_t kSaltAt = 9;
  const Bytes box = from_hex(kForeignBox, "test");
  for (std::size_t at = 0; at < box.size(); at += at < kSaltAt ? 1 : 9) {
    Bytes changed = box;
    changed[at] ^= 0x01;
    EXPECT_EQ(caught([&] { unseal(changed, "correct horse", "key"); }).kind(), ErrorKind::kInput)
        << "byte " << at;
  }
}

TEST(SecretBox, RefusesBytesThatAreCutAddedOrForeign) {
  const Bytes box = from_hex(kForeignBox, "test");
  EXPECT_EQ(caught_text([&] {
              unseal({box.begin(), box.begin() + 52}, "x", "coat.key");
            }),
            "coat.key: not a whole sealed secret (52 bytes); use the file as it was written.");
  EXPECT_EQ(caught_text([&] { unseal(bytes_of("{}"), "x", "coat.key"); }),
            "coat.key: not a whole sealed secret (2 bytes); use the file as it was written.");
  Bytes longer = box;
  longer.push_back(0);
  EXPECT_EQ(caught([&] { unseal(longer, "correct horse", "k"); }).kind(), ErrorKind::kInput);
}

TEST(SecretBox, NamesAVersionItDoesNotRead) {
  Bytes box = from_hex(kForeignBox, "test");
  box[8] = 2;
  EXPECT_EQ(
      caught_text([&] { unseal(box, "correct horse", "coat.key"); }),
      "coat.key: sealed in version 2, this build reads 1; use the file as it was written or a "
      "newer Patina.");
}

TEST(SecretBox, WantsAPassphraseToSeal) {
  EXPECT_EQ(caught_text([] {
              seal({1, 2, 3}, "");
            }),
            "passphrase: empty; give at least one character.");
}

TEST(SecretBox, IsRecognisedByItsFirstBytes) {
  EXPECT_TRUE(is_sealed(from_hex(kForeignBox, "test")));
  EXPECT_FALSE(is_sealed(bytes_of("PATINAB")));
  EXPECT_FALSE(is_sealed(bytes_of("{\"format\": 1}")));
  EXPECT_FALSE(is_sealed({}));
}

TEST(ReadSecret, IsOneLineWithoutItsEnd) {
  const ScratchFolder folder;
  write_file_atomic(folder / "key", "sk-a b \r\n", FileAccess::kSecret);
  EXPECT_EQ(read_secret(folder / "key"), "sk-a b");
}

TEST(ReadSecret, RefusesAFileThatOthersMayRead) {
  const ScratchFolder folder;
  write_file_atomic(folder / "key", "sk-a", FileAccess::kSecret);
  for (const fs::perms others : {fs::perms::group_read, fs::perms::others_read}) {
    fs::permissions(folder / "key", fs::perms::owner_read | others);
    EXPECT_EQ(caught_text([&] { read_secret(folder / "key"); }),
              (folder / "key").string() +
                  ": can be read by others, and it holds a secret; chmod 600 it.");
  }
}

TEST(ReadSecret, RefusesWhatIsNoSecretBySize) {
  const ScratchFolder folder;
  write_file_atomic(folder / "key", std::string((64 << 10) + 1, 'x'), FileAccess::kSecret);
  EXPECT_EQ(caught([&] { read_secret(folder / "key"); }).kind(), ErrorKind::kInput);
}

}  // namespace
}  // namespace patina::core
