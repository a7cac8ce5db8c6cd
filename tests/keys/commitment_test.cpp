// SPDX-License-Identifier: Apache-2.0
#include "keys/commitment.h"

#include <gmock/gmock.h>

#include "core/files.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::keys {
namespace {

// printf '\001\002\003\004my key' | sha256sum
constexpr const char* kSaltedDigest =
    "659e64240067a7f541af2508f8d28a67d6e4b22d8eeb93b17335c2317dec787a";

// RFC 9162, Sec. 2.1 over "a.png" 00 "00..00" and "b.png" 00 "11..11", by Python's hashlib.
constexpr const char* kMerkleRoot =
    "bd41bedb71438d78009b061dae4496184381ac841cb14621f8ec9776cd54e186";

std::string commitment_text(const std::string& digest,
                            const std::string& merkle_root = kMerkleRoot) {
  return R"({"format": "patina-commitment", "version": 1, "created": "2023-01-01T00:00:00Z",
             "tool": {"version": "0.1.0"}, "salt": "01020304", "files": [
               {"path": "a.png", "sha256": ")" +
         std::string(64, '0') + R"("}, {"path": "b.png", "sha256": ")" + std::string(64, '1') +
         R"("}], "merkle_root": ")" + merkle_root + R"(", "key_sha256_salted": ")" + digest +
         R"("})";
}

class Commitment : public testing::Test {
 protected:
  Commitment() { core::write_file_atomic(key_, std::string("my key")); }

  CommitmentRecord check(const std::string& text) {
    core::write_file_atomic(file_, text);
    return check_commitment(file_, key_);
  }
  std::string error(const std::string& text) {
    return core::caught_text([&] { check(text); }).substr(file_.string().size());
  }

  core::ScratchFolder folder_;
  std::filesystem::path key_ = folder_ / "my.key";
  std::filesystem::path file_ = folder_ / "commitment.json";
};

TEST_F(Commitment, MatchesTheKeyItWasMadeFor) {
  const CommitmentRecord record = check(commitment_text(kSaltedDigest));
  EXPECT_TRUE(record.key_matches);
  EXPECT_EQ(record.created, "2023-01-01T00:00:00Z");
  EXPECT_EQ(record.merkle_root, kMerkleRoot);
  EXPECT_EQ(record.file_count, 2);
}

TEST_F(Commitment, DoesNotMatchAnotherKey) {
  core::write_file_atomic(key_, std::string("another key"));
  EXPECT_FALSE(check(commitment_text(kSaltedDigest)).key_matches);
}

TEST_F(Commitment, MustHaveTheRootOfItsFiles) {
  EXPECT_EQ(error(commitment_text(kSaltedDigest, std::string(64, 'e'))),
            ": its merkle_root is not that of its files; take the file as it was published.");
}

TEST_F(Commitment, SaysWhatIsWrongWithTheDocument) {
  const std::string todo = "; name the commitment.json that patina coat wrote.";
  EXPECT_EQ(error("{}"), ": is not a commitment" + todo);
  EXPECT_EQ(error("[1]"), ": is not a commitment" + todo);
  EXPECT_EQ(error(R"({"format": "patina-commitment", "version": 1})"),
            ": has no usable field \"created\"" + todo);
  EXPECT_EQ(error(R"({"format": "patina-commitment", "version": 2})"),
            ": is a commitment of version 2, this build reads version 1; use a newer Patina.");
}

TEST_F(Commitment, IsCheckedAsItWasWritten) {
  core::make_folder(folder_ / "out/nested");
  core::write_file_atomic(folder_ / "out/b.png", std::string("b"));
  core::write_file_atomic(folder_ / "out/nested/a.png", std::string("a"));
  const std::vector<ReleasedFile> files = list_released_files(folder_ / "out");
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[1].path, "nested/a.png");
  // printf a | sha256sum
  EXPECT_EQ(files[1].sha256, "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
  write_commitment(folder_ / "out", files, key_);
  const CommitmentRecord record = check_commitment(folder_ / "out/commitment.json", key_);
  EXPECT_TRUE(record.key_matches);
  EXPECT_EQ(record.merkle_root, released_merkle_root(files));
  EXPECT_EQ(record.file_count, 2);
  core::write_file_atomic(key_, std::string("my key, one byte later"));
  EXPECT_FALSE(check_commitment(folder_ / "out/commitment.json", key_).key_matches);
}

TEST_F(Commitment, SaltsTheDigestOfTheKeyAnewEachTime) {
  write_commitment(folder_.path(), {}, key_);
  const std::string first = core::read_text_file(file_);
  write_commitment(folder_.path(), {}, key_);
  EXPECT_NE(core::read_text_file(file_), first);
}

}  // namespace
}  // namespace patina::keys
