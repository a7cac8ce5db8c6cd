// SPDX-License-Identifier: Apache-2.0
#include "cli/json_document.h"

#include <sstream>

#include <gtest/gtest.h>

#include "core/files.h"
#include "core/version.h"
#include "tests/core/scratch_folder.h"

namespace patina::cli {
namespace {

using nlohmann::json;

json printed(const JsonDocument& document) {
  std::ostringstream out;
  print_document(document, out);
  return json::parse(out.str());
}

std::vector<std::string> keys_of(const json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

TEST(JsonDocument, HasTheSamePartsForEveryCommand) {
  JsonDocument document;
  document.command = "score";
  EXPECT_EQ(keys_of(printed(document)),
            (std::vector<std::string>{
                "command", "inputs", "options", "result", "schema_version", "timings_ms", "tool"}));
}

TEST(JsonDocument, NamesTheToolAndItsVersion) {
  const json whole = printed({"score", {}, {}, {}, {}});
  EXPECT_EQ(whole.at("tool"),
            (json{{"name", "patina"}, {"version", core::kVersion}, {"revision", core::kRevision}}));
  EXPECT_EQ(whole.at("schema_version"), 1);
}

TEST(JsonDocument, HoldsEmptyPartsAsEmptyObjectsAndArrays) {
  const json whole = printed(JsonDocument());
  EXPECT_EQ(whole.at("options"), json::object());
  EXPECT_EQ(whole.at("inputs"), json::array());
  EXPECT_EQ(whole.at("result"), json::object());
  EXPECT_EQ(whole.at("timings_ms"), json::object());
  EXPECT_TRUE(whole.at("command").is_null());
}

TEST(JsonDocument, HandsOnWhatACommandPutsIn) {
  JsonDocument document;
  document.command = "score";
  document.options["strict"] = true;
  document.inputs.push_back({{"role", "key"}});
  document.result["images"] = {1, 2};
  document.timings_ms["total"] = 12;
  const json whole = printed(document);
  EXPECT_EQ(whole.at("command"), "score");
  EXPECT_EQ(whole.at("options"), (json{{"strict", true}}));
  EXPECT_EQ(whole.at("inputs").at(0), (json{{"role", "key"}}));
  EXPECT_EQ(whole.at("result").at("images").size(), 2U);
  EXPECT_EQ(whole.at("timings_ms").at("total"), 12);
}

TEST(JsonDocument, IsOneThatEndsWithALineEnd) {
  std::ostringstream out;
  print_document({"score", {}, {}, {}, {}}, out);
  EXPECT_EQ(out.str().back(), '\n');
}

TEST(ErrorDocument, HasTheThreePartsOfAnErrorAndItsKind) {
  const core::Error error(core::ErrorKind::kDisk, "/full", "is full", "free space");
  const json whole = error_document("coat", error);
  EXPECT_EQ(keys_of(whole),
            (std::vector<std::string>{"command", "error", "schema_version", "tool"}));
  EXPECT_EQ(
      whole.at("error"),
      (json{{"kind", "disk"}, {"where", "/full"}, {"what", "is full"}, {"todo", "free space"}}));
}

TEST(ErrorDocument, IsFitToPrintWhateverTheErrorQuotes) {
  const core::Error error(core::ErrorKind::kInput, "caf\xE9.png", "holds \x1B[2J", "look");
  const json whole = error_document("score\x07", error);
  EXPECT_EQ(whole.at("command"), "score\\u0007");
  EXPECT_EQ(whole.at("error").at("where"), "caf\\xE9.png");
  EXPECT_EQ(whole.at("error").at("what"), "holds \\u001B[2J");
  EXPECT_NO_THROW(whole.dump()) << "strict about UTF-8";
}

// SHA-256 of "abc": FIPS 180-2, appendix B.1.
TEST(InputRecord, NamesAFileByRolePathAndDigest) {
  const core::ScratchFolder folder;
  core::write_file_atomic(folder / "k", std::string("abc"));
  EXPECT_EQ(input_record("key", folder / "k"),
            (json{{"role", "key"},
                  {"path", (folder / "k").string()},
                  {"sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}}));
}

TEST(InputRecord, HasNoDigestOfAFolderOrOfNothing) {
  const core::ScratchFolder folder;
  EXPECT_TRUE(input_record("image", folder.path()).at("sha256").is_null());
  EXPECT_TRUE(input_record("image", folder / "none").at("sha256").is_null());
}

TEST(Milliseconds, AreRoundedToWholeOnes) {
  EXPECT_EQ(milliseconds(0.0), 0);
  EXPECT_EQ(milliseconds(0.0004), 0);
  EXPECT_EQ(milliseconds(0.0006), 1);
  EXPECT_EQ(milliseconds(12.3456), 12346);
}

}  // namespace
}  // namespace patina::cli
