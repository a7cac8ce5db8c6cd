// SPDX-License-Identifier: Apache-2.0
#include "core/run_identity.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/hash.h"
#include "tests/core/caught.h"

namespace patina::core {
namespace {

using nlohmann::json;

RunIdentity identity() {
  RunIdentity made;
  made.add("--steps", 400).add("--alpha", 0.1).add("--flip", true).add("--method", "lora");
  return made.add_digest("images", sha256("three cats"));
}

TEST(RunIdentity, KeepsValuesAsTheirShortestText) {
  EXPECT_EQ(to_json(identity()),
            json({{"--steps", "400"},
                  {"--alpha", "0.1"},
                  {"--flip", "yes"},
                  {"--method", "lora"},
                  {"images", "sha256:" + to_hex(sha256("three cats"))}}));
}

TEST(RunIdentity, DoesNotDependOnTheOrderOfItsFields) {
  RunIdentity forward, backward;
  forward.add("a", 1).add("b", 2);
  backward.add("b", 2).add("a", 1);
  EXPECT_EQ(forward, backward);
  EXPECT_EQ(forward.digest(), backward.digest());
}

TEST(RunIdentity, HasAnotherDigestWhereTextMovesFromOneFieldToTheNext) {
  RunIdentity left, right;
  left.add("a", "xy").add("b", "z");
  right.add("a", "x").add("b", "yz");
  EXPECT_NE(left, right);
  EXPECT_NE(left.digest(), right.digest());
}

TEST(RunIdentity, TellsNumbersApartThatPrintAlikeInSixDigits) {
  RunIdentity left, right;
  left.add("--learning-rate", 1e-7);
  right.add("--learning-rate", 1.0000001e-7);
  EXPECT_NE(left, right);
}

TEST(RunIdentity, TellsPathsApartThatAreNotUtf8) {
  RunIdentity left, right;
  left.add("--base", "a\xFF");
  right.add("--base", "a\xFE");
  EXPECT_NE(left.digest(), right.digest());
  EXPECT_EQ(to_json(left), json({{"--base", "bytes 61ff"}}));
}

TEST(RunIdentity, IsReadBackFromItsJson) {
  EXPECT_EQ(identity_from_json(to_json(identity()), "run.json"), identity());
}

TEST(RunIdentity, RefusesJsonThatIsNoTableOfTexts) {
  for (const json& wrong : {json("x"), json::array(), json({{"--steps", 400}})}) {
    EXPECT_EQ(caught_text([&] { identity_from_json(wrong, "run.json"); }),
              "run.json: does not say which run it is of; delete its folder and start again.");
  }
}

TEST(RunIdentity, RefusesAFieldTwice) {
  EXPECT_EQ(caught([] { identity().add("--steps", 1); }).kind(), ErrorKind::kInternal);
}

TEST(RunIdentity, TakesTheLeavesOfADocument) {
  EXPECT_EQ(
      to_json(identity_of_document(
          json::parse(R"({"url": "http://x", "items": [{"seed": 7}, []], "none": null})"))),
      json({{"url", "http://x"}, {"items/0/seed", "7"}, {"items/1", "[]"}, {"none", "null"}}));
}

struct DifferenceCase {
  const char* name;
  json found;
  json wanted;
  const char* difference;
};
void PrintTo(const DifferenceCase& value, std::ostream* out) { *out << value.name; }

class NameDifferences : public testing::TestWithParam<DifferenceCase> {};

TEST_P(NameDifferences, SaysWhichFieldsAndHow) {
  EXPECT_EQ(name_differences(identity_from_json(GetParam().found, "found"),
                             identity_from_json(GetParam().wanted, "wanted")),
            GetParam().difference);
}

INSTANTIATE_TEST_SUITE_P(
    Cases,
    NameDifferences,
    testing::Values(
        DifferenceCase{"same", {{"a", "1"}}, {{"a", "1"}}, ""},
        DifferenceCase{
            "changed", {{"--steps", "400"}}, {{"--steps", "200"}}, "--steps was 400, now 200"},
        DifferenceCase{"words",
                       {{"--prompt", "a cat"}},
                       {{"--prompt", "a\ndog"}},
                       "--prompt was \"a cat\", now \"a\\ndog\""},
        DifferenceCase{
            "digests", {{"images", "sha256:00"}}, {{"images", "sha256:11"}}, "other images"},
        DifferenceCase{"added", json::object(), {{"--rank", "4"}}, "--rank was not given"},
        DifferenceCase{"removed", {{"--rank", "4"}}, json::object(), "--rank was 4, now not given"},
        DifferenceCase{"several",
                       {{"a", "1"}, {"b", "1"}, {"c", "1"}, {"d", "1"}, {"e", "1"}},
                       {{"a", "2"}, {"b", "2"}, {"c", "2"}, {"d", "2"}, {"e", "2"}},
                       "a was 1, now 2; b was 1, now 2; c was 1, now 2; 2 more"}),
    [](const auto& tested) { return tested.param.name; });

TEST(RequireSameRun, NamesTheFolderAndTheField) {
  RunIdentity found, wanted;
  found.add("--steps", 400);
  wanted.add("--steps", 200);
  EXPECT_EQ(
      caught_text([&] { require_same_run("out", found, wanted); }),
      "out: holds another run (--steps was 400, now 200); repeat the command that began it, or "
      "name another folder.");
}

}  // namespace
}  // namespace patina::core
