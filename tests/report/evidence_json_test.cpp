// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json.h"
#include "report/evidence/evidence.h"
#include "tests/report/example_evidence.h"

namespace patina::report {
namespace {

using nlohmann::json;
using test::example_evidence;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::string round_trip(const Evidence& evidence) {
  const std::string text = core::dump_json(to_json(evidence));
  return core::dump_json(to_json(evidence_from_json(core::parse_json(text, "e.json"), "e.json")));
}

TEST(EvidenceJson, ReadsBackWhatItWrote) {
  const Evidence evidence = example_evidence();
  EXPECT_EQ(round_trip(evidence), core::dump_json(to_json(evidence)));
}

TEST(EvidenceJson, TellsHowImagesWereGotOrThatTheyWereNotGotOverTheNetwork) {
  const Evidence evidence = example_evidence({3, 3, stats::Decision::kEvidence, "image", true});
  EXPECT_EQ(round_trip(evidence), core::dump_json(to_json(evidence)));
  const json document = to_json(evidence);
  EXPECT_EQ(document["suspect"]["acquisition"]["outcomes"]["image"], 3);
  EXPECT_TRUE(document["benign"]["acquisition"].is_null());
  json wrong = document;
  wrong["suspect"]["acquisition"]["outcomes"]["stolen"] = 1;
  EXPECT_THROW(evidence_from_json(wrong, "e.json"), core::Error);
  wrong = document;
  wrong["suspect"]["acquisition"]["journal_sha256"] = "none";
  EXPECT_THROW(evidence_from_json(wrong, "e.json"), core::Error);
}

TEST(EvidenceJson, KeepsEveryBitOfAScore) {
  Evidence evidence = example_evidence();
  evidence.suspect.samples[0].score = 1.0 / 3.0;
  evidence.suspect.samples[1].score = 5e-324;
  const Evidence read = evidence_from_json(to_json(evidence), "e.json");
  EXPECT_EQ(read.suspect.samples[0].score, 1.0 / 3.0);
  EXPECT_EQ(read.suspect.samples[1].score, 5e-324);
  EXPECT_EQ(read.benign.samples.size(), evidence.benign.samples.size());
  EXPECT_TRUE(read.comparison.rejected);
}

TEST(EvidenceJson, WritesNullAndAReasonForWhatIsNoNumber) {
  Evidence evidence = example_evidence();
  evidence.options.radius_score = kNan;
  evidence.comparison.effect.share_inside_suspect = kNan;
  evidence.comparison.effect.share_inside_suspect_interval = {kNan, kNan};
  evidence.commitment.reset();
  const json document = to_json(evidence);
  EXPECT_TRUE(document["options"]["radius_score"].is_null());
  EXPECT_EQ(document["options"]["radius_score_reason"], "the key has no radius");
  EXPECT_TRUE(document["effect"]["share_inside_suspect_interval"].is_null());
  EXPECT_TRUE(document["commitment"].is_null());
  EXPECT_TRUE(std::isnan(evidence_from_json(document, "e.json").options.radius_score));
  EXPECT_EQ(round_trip(evidence), core::dump_json(document));
}

TEST(EvidenceJson, RefusesToWriteAScoreThatIsNoNumber) {
  Evidence evidence = example_evidence();
  evidence.suspect.samples[0].score = kNan;
  EXPECT_THROW(to_json(evidence), core::Error);
}

struct BadCase {
  const char* name;
  const char* pointer;  ///< What is replaced.
  const char* value;    ///< By this JSON; empty = the member is removed.
  const char* message;
};

class HostileEvidence : public testing::TestWithParam<BadCase> {};

TEST_P(HostileEvidence, IsRefusedNamingTheField) {
  const BadCase& bad = GetParam();
  json document = to_json(example_evidence({3, 3}));
  const json::json_pointer pointer(bad.pointer);
  if (std::string(bad.value).empty()) {
    document.at(pointer.parent_pointer()).erase(pointer.back());
  } else {
    document[pointer] = json::parse(bad.value);
  }
  try {
    evidence_from_json(document, "e.json");
    FAIL() << "accepted";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.kind(), core::ErrorKind::kInput);
    EXPECT_EQ(error.where(), "e.json");
    EXPECT_EQ(error.problem(), bad.message);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    HostileEvidence,
    testing::Values(
        BadCase{"NotAnObject", "", "[]", "the document is not an object"},
        BadCase{"NoVersion", "/schema_version", "", "/schema_version is missing"},
        BadCase{"NewerVersion", "/schema_version", "2", "/schema_version is 2, this build reads 1"},
        BadCase{"TextVersion", "/schema_version", "\"1\"", "/schema_version is not an integer"},
        BadCase{"UnknownField", "/extra~1field", "1", "/extra~1field is not a known field"},
        BadCase{"NoKey", "/key", "", "/key is missing"},
        BadCase{"KeyIsText", "/key", "\"k\"", "/key is not an object"},
        BadCase{"BadTime",
                "/created",
                "\"yesterday\"",
                "/created is not a UTC time like 2026-01-31T12:00:00Z"},
        BadCase{"ScoreNull",
                "/suspect/samples/1/score",
                "null",
                "/suspect/samples/1/score is not a number"},
        BadCase{"ScoreText",
                "/benign/samples/0/score",
                "\"1\"",
                "/benign/samples/0/score is not a number"},
        BadCase{"HugeWidth",
                "/suspect/samples/0/width_px",
                "18446744073709551615",
                "/suspect/samples/0/width_px is outside [1, 1048576]"},
        BadCase{"ZeroHeight",
                "/suspect/samples/0/height_px",
                "0",
                "/suspect/samples/0/height_px is 0, outside [1, 1048576]"},
        BadCase{"FractionalWidth",
                "/suspect/samples/0/width_px",
                "1.5",
                "/suspect/samples/0/width_px is not an integer"},
        BadCase{"ShortDigest",
                "/suspect/samples/0/sha256",
                "\"ab\"",
                "/suspect/samples/0/sha256 is not 64 lower-case hexadecimal digits"},
        BadCase{"Traversal",
                "/suspect/samples/0/file",
                "\"data/samples/../../etc/passwd\"",
                "/suspect/samples/0/file is not data/samples/<sha256>.<extension> of its digest"},
        BadCase{"AbsoluteFile",
                "/suspect/samples/0/file",
                "\"/etc/passwd\"",
                "/suspect/samples/0/file is not data/samples/<sha256>.<extension> of its digest"},
        BadCase{"UnknownProtocol", "/protocol", "\"luck\"", "/protocol is no known protocol"},
        BadCase{"UnknownDecision",
                "/verdict/decision",
                "\"guilty\"",
                "/verdict/decision is none of evidence, no-evidence and inconclusive"},
        BadCase{"NoPrimaryTest",
                "/tests/0/primary",
                "false",
                "/tests has 0 primary tests, it must be one"},
        BadCase{"TwoPrimaryTests",
                "/tests/1/primary",
                "true",
                "/tests has 2 primary tests, it must be one"},
        BadCase{"KeyTermIsText", "/key_terms", "[\"much\"]", "/key_terms/0 is not a number"},
        BadCase{"AlphaTooLarge", "/options/alpha", "1.5", "/options/alpha is 1.5, outside [0, 1]"},
        BadCase{"ReasonIsNumber",
                "/options/radius_score_reason",
                "1",
                "/options/radius_score_reason is not a text"},
        BadCase{"IntervalIsNumber",
                "/effect/superiority_interval",
                "1",
                "/effect/superiority_interval is not an object"},
        BadCase{"NoteIsNumber", "/notes", "[1]", "/notes/0 is not a text"},
        BadCase{"LimitsIsText", "/limits", "\"none\"", "/limits is not an array"}),
    [](const auto& test) { return test.param.name; });

TEST(HostileEvidence, WithOverlongOrMalformedTextsIsRefused) {
  json document = to_json(example_evidence({1, 1}));
  document["case_name"] = std::string(5000, 'x');
  EXPECT_THROW(evidence_from_json(document, "e.json"), core::Error);
  document["case_name"] = "\xFF";
  EXPECT_THROW(evidence_from_json(document, "e.json"), core::Error);
  document["case_name"] = "fine";
  EXPECT_NO_THROW(evidence_from_json(document, "e.json"));
}

/// Every member and element of the document replaced by something else in turn.
void expect_error_or_evidence(const json& document) {
  try {
    evidence_from_json(document, "e.json");
  } catch (const core::Error&) {
    // Refusing is right; any other exception is not and fails the test.
  }
}

TEST(HostileEvidence, NeverEscapesAsAnotherException) {
  const json good = to_json(example_evidence({2, 2}));
  const json flat = good.flatten();
  for (const auto& item : flat.items()) {
    for (const char* value : {"null", "[]", "{}", "-1", "1e308", "true", "\"\\u0000\""}) {
      json bad = good;
      bad[json::json_pointer(item.key())] = json::parse(value);
      expect_error_or_evidence(bad);
    }
  }
}

TEST(ScoresCsv, IsRfc4180) {
  Evidence evidence = example_evidence({1, 1});
  evidence.suspect.samples[0].source = "a \"b\", c\n.png";
  evidence.suspect.samples[0].score = 0.1;
  evidence.benign.samples[0].source = "plain.png";
  evidence.benign.samples[0].score = 9.0;
  EXPECT_EQ(scores_csv(evidence),
            "role,source,sha256,width,height,score\r\nsuspect,\"a \"\"b\"\", c\n.png\"," +
                test::example_digest(0, 0) + ",64,48,0.10000000000000001\r\n" +
                "benign,plain.png," + test::example_digest(1, 0) + ",64,48,9\r\n");
}

}  // namespace
}  // namespace patina::report
