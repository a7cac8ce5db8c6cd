// SPDX-License-Identifier: Apache-2.0
#include "core/hash.h"

#include <fstream>
#include <numeric>

#include <gtest/gtest.h>

#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::core {
namespace {

std::string unhex(std::string_view hex) {
  const std::vector<std::uint8_t> bytes = from_hex(hex, "test");
  return {bytes.begin(), bytes.end()};
}

struct ShaCase {
  std::string message;
  const char* digest;
};

class Sha256Vectors : public testing::TestWithParam<ShaCase> {};

TEST_P(Sha256Vectors, Hold) {
  EXPECT_EQ(to_hex(sha256(std::string_view(GetParam().message))), GetParam().digest);
}

// NIST, "SHA256.pdf" examples with intermediate values, and the empty message of SHAVS.
INSTANTIATE_TEST_SUITE_P(
    Fips180,
    Sha256Vectors,
    testing::Values(ShaCase{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
                    ShaCase{"abc",
                            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
                    ShaCase{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
                    ShaCase{std::string(1000000, 'a'),
                            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"}));

TEST(Sha256, StreamingEqualsOneShotForEverySplit) {
  const std::string text(200, 'q');
  const Digest whole = sha256(std::string_view(text));
  for (std::size_t split = 0; split <= text.size(); ++split) {
    Sha256 hash;
    hash.update(text.data(), split).update(text.data() + split, text.size() - split);
    EXPECT_EQ(hash.finish(), whole) << split;
  }
  EXPECT_EQ(sha256(std::vector<std::uint8_t>(200, 'q')), whole);
}

TEST(Sha256, StartsAfreshAfterFinishAndSurvivesMoves) {
  Sha256 hash;
  hash.update("something else").finish();
  Sha256 moved = std::move(hash.update("ab"));
  EXPECT_EQ(moved.update("c").finish(), sha256(std::string_view("abc")));
}

TEST(Sha256, OfAFileEqualsThatOfItsBytes) {
  const ScratchFolder folder;
  const std::string text(700001, 'z');  // more than one block
  std::ofstream(folder / "z") << text;
  EXPECT_EQ(sha256_file(folder / "z"), sha256(std::string_view(text)));
}

TEST(Sha256, OfAMissingFileNamesIt) {
  const Error error = caught([] { sha256_file("/nowhere/z"); });
  EXPECT_EQ(error.kind(), ErrorKind::kDisk);
  EXPECT_STREQ(error.what(),
               "/nowhere/z: cannot be read (No such file or directory); check the path and its "
               "permissions.");
  EXPECT_EQ(caught([] { sha256_file("/"); }).problem(), "cannot be read (Is a directory)");
}

TEST(Hex, RoundTripsEveryByte) {
  std::vector<std::uint8_t> bytes(256);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  const std::string hex = to_hex(bytes.data(), bytes.size());
  EXPECT_EQ(hex.substr(0, 8) + hex.substr(508), "00010203feff");
  EXPECT_EQ(from_hex(hex, "test"), bytes);
  EXPECT_EQ(from_hex("AbCd", "test"), (std::vector<std::uint8_t>{0xAB, 0xCD}));
}

TEST(Hex, NamesTheFault) {
  EXPECT_EQ(caught_text([] { from_hex("abc", "--key-digest"); }),
            "--key-digest: 3 hexadecimal digits, an even number is needed; copy the value again in "
            "full.");
  const Error error = caught([] { from_hex("00fg", "commitment.json"); });
  EXPECT_EQ(error.kind(), ErrorKind::kInput);
  EXPECT_STREQ(error.what(),
               "commitment.json: \"fg\" at position 2 is not hexadecimal; use the digits 0-9 and "
               "a-f.");
}

// Leaves and roots of the Certificate Transparency reference tests
// (google/certificate-transparency, merkle_tree_test), for trees of 0 to 8 leaves.
TEST(MerkleRoot, GivesTheCertificateTransparencyRoots) {
  const std::vector<std::string> leaves{unhex(""),
                                        unhex("00"),
                                        unhex("10"),
                                        unhex("2021"),
                                        unhex("3031"),
                                        unhex("40414243"),
                                        unhex("5051525354555657"),
                                        unhex("606162636465666768696a6b6c6d6e6f")};
  const char* const roots[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                               "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                               "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                               "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                               "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                               "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                               "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                               "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                               "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  for (std::size_t count = 0; count <= leaves.size(); ++count) {
    const std::vector<std::string> first(leaves.begin(),
                                         leaves.begin() + static_cast<std::ptrdiff_t>(count));
    EXPECT_EQ(to_hex(merkle_root(first)), roots[count]) << count << " leaves";
  }
}

TEST(MerkleRoot, DependsOnTheOrderOfLeaves) {
  EXPECT_NE(merkle_root({"a", "b"}), merkle_root({"b", "a"}));
}

TEST(RandomBytes, GivesAsManyAsAskedAndNewOnesEachTime) {
  EXPECT_TRUE(random_bytes(0).empty());
  EXPECT_EQ(random_bytes(1000).size(), 1000U);
  EXPECT_NE(random_bytes(32), random_bytes(32));
}

}  // namespace
}  // namespace patina::core
