// SPDX-License-Identifier: Apache-2.0
// An audit asked for by names: what is opened, in which order, and what is refused before the
// network is used.
#include "analyzer/audit_request.h"

#include <cstring>

#include <gmock/gmock.h>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "keys/coat_key.h"
#include "report/bundle/bundle.h"
#include "report/evidence/bundle_layout.h"
#include "tests/analyzer/audit_fixture.h"
#include "tests/core/caught.h"

namespace patina::analyzer {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kAddress = "a1111+http://127.0.0.1:1";

keys::CoatKey small_key() {
  keys::CoatKey key;
  key.created = "2023-01-01T00:00:00Z";
  key.tool_version = "0.1.0";
  key.method = "fake";
  key.secret.fields["message"] = std::string("0123456789ab");
  key.radius = 0.75;
  const std::vector<float> values = {1.0F, 2.0F};
  core::TensorBlob blob{core::DType::kF32, {2}, std::vector<std::uint8_t>(8)};
  std::memcpy(blob.bytes.data(), values.data(), 8);
  key.scoring.tensors["center"] = blob;
  key.scoring.tensors["extractor/linear.bias"] = blob;
  key.secret.tensors["generator/final_layer.bias"] = blob;
  return key;
}

class RequestedAudit : public AuditTest {
 protected:
  RequestedAudit() {
    request_.key = folder_ / "my.key";
    request_.suspect = suspect_;
    request_.benign = benign_;
    request_.bundle = bundle_;
    keys::write_coat_key(request_.key, small_key());
    means_.passphrase = [this] {
      happened_ += "passphrase ";
      return std::string();
    };
    means_.make_extractor = [this](const keys::CoatKey& key) {
      happened_ += "extractor " + key.secret.text("message") + " ";
      return std::make_unique<FakeExtractor>(extractor_);
    };
    means_.collect = [this](const std::string& address,
                            const fs::path& folder) -> queryers::CollectResult {
      happened_ += "collect " + address + " into " + fs::relative(folder, bundle_).string();
      throw core::Error(core::ErrorKind::kNetwork, address, "does not answer", "try later");
    };
  }

  std::string refusal() {
    return core::caught_text([this] { run_requested_audit(request_, means_); });
  }

  AuditRequest request_;
  AuditMeans means_;
  std::string happened_;
};

TEST_F(RequestedAudit, JoinsKeyFileAndFolders) {
  const report::Evidence evidence = run_requested_audit(request_, means_);
  EXPECT_EQ(evidence.verdict.decision, stats::Decision::kEvidence);
  EXPECT_EQ(evidence.key.key_sha256, core::to_hex(core::sha256_file(request_.key)));
  EXPECT_EQ(evidence.key.created, "2023-01-01T00:00:00Z");
  // What the extractor says of its method, not what the analyzer makes of the radius.
  EXPECT_EQ(evidence.key.extractor.method.title, "Fake coating");
  EXPECT_EQ(evidence.options.radius_score, 9.0);
  EXPECT_EQ(evidence.commitment, std::nullopt);
  EXPECT_EQ(evidence.suspect.location, suspect_.string());
  EXPECT_TRUE(report::is_finished_bundle(bundle_));
  EXPECT_EQ(verification(), "");
  EXPECT_EQ(happened_, "passphrase extractor 0123456789ab ");
}

TEST_F(RequestedAudit, PutsOnlyTheScoringPartOfTheKeyIntoTheBundle) {
  run_requested_audit(request_, means_);
  const keys::CoatKey part = keys::read_extractor(bundle_ / report::kExtractorFile);
  EXPECT_EQ(part.seed, 0U);
  EXPECT_TRUE(part.secret.fields.empty());
  EXPECT_EQ(part.scoring.tensors.size(), 2U);
  EXPECT_TRUE(part.secret.tensors.empty());
}

TEST_F(RequestedAudit, OpensSealedKeysWithThePassphrase) {
  keys::write_coat_key(request_.key, small_key(), "open sesame");
  means_.passphrase = [] { return std::string("open sesame"); };
  EXPECT_EQ(run_requested_audit(request_, means_).verdict.decision, stats::Decision::kEvidence);
}

TEST_F(RequestedAudit, LooksIntoTheFoldersBeforeItAsksForThePassphrase) {
  fs::remove_all(benign_);
  EXPECT_THAT(refusal(), HasSubstr(benign_.string()));
  EXPECT_EQ(happened_, "");
}

TEST_F(RequestedAudit, RefusesACommitmentOfAnotherKey) {
  request_.commitment = folder_ / "commitment.json";
  // The Merkle root of no file is the SHA-256 of nothing [RFC 9162, Sec. 2.1.1].
  put_text(request_.commitment,
           R"({"format": "patina-commitment", "version": 1, "created": "2023-01-01T00:00:00Z",
               "salt": "01020304", "files": [], "merkle_root":
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
               "key_sha256_salted": ")" +
               std::string(64, '0') + R"("})");
  EXPECT_EQ(refusal(),
            at("commitment.json") + ": was made for another key than " + at("my.key") +
                "; name the key and the commitment of one patina coat run.");
  EXPECT_EQ(happened_, "passphrase ");
  EXPECT_FALSE(fs::exists(bundle_));
}

TEST_F(RequestedAudit, CollectsAnAddressIntoTheBundle) {
  request_.benign = kAddress;
  EXPECT_EQ(refusal(), std::string(kAddress) + ": does not answer; try later.");
  EXPECT_THAT(
      happened_,
      testing::EndsWith("collect " + std::string(kAddress) + " into data/acquisition/benign"));
}

TEST_F(RequestedAudit, AsksNothingOverTheNetworkForABundleThatCannotBeWritten) {
  request_.suspect = kAddress;
  put_text(bundle_ / "thesis.tex", "years of work");
  EXPECT_THAT(refusal(), HasSubstr("\"thesis.tex\" among them"));
  EXPECT_THAT(happened_, testing::Not(HasSubstr("collect")));
}

TEST_F(RequestedAudit, KnowsASourceByItsName) {
  EXPECT_EQ(kind_of_source(suspect_), SourceKind::kFolder);
  EXPECT_EQ(kind_of_source(folder_ / "nowhere"), SourceKind::kFolder);
  EXPECT_EQ(kind_of_source(kAddress), SourceKind::kAddress);
  put_text(suspect_ / "journal.jsonl", "");
  put_text(suspect_ / "plan.json", "");
  EXPECT_EQ(kind_of_source(suspect_), SourceKind::kCollection);
}

}  // namespace
}  // namespace patina::analyzer
