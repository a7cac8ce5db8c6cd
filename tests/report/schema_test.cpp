// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "report/evidence/evidence.h"
#include "tests/report/example_evidence.h"
#include "tests/report/schema_check.h"

namespace patina::report {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

json load_schema() {
  const std::string path = std::string(PATINA_SOURCE_DIR) + "/report/evidence/evidence.schema.json";
  return core::parse_json(core::read_text_file(path), path);
}

Evidence evidence_with_nulls() {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  Evidence evidence = test::example_evidence({2, 2, stats::Decision::kInconclusive, "x", true});
  evidence.options.radius_score = kNan;
  evidence.key.extractor.method.radius_score = kNan;
  evidence.key.extractor.radius = kNan;
  evidence.key.created.clear();
  evidence.commitment.reset();
  evidence.comparison.effect = {
      kNan, {kNan, kNan}, kNan, kNan, kNan, kNan, {kNan, kNan}, kNan, {kNan, kNan}};
  evidence.comparison.tests[1].statistic = kNan;
  evidence.comparison.tests[1].p_value = kNan;
  evidence.comparison.tests[1].log10_p_value = -std::numeric_limits<double>::infinity();
  evidence.suspect.skipped.push_back({"broken.png", "not an image"});
  evidence.notes.push_back("a note");
  return evidence;
}

TEST(EvidenceSchema, HoldsForWhatIsWritten) {
  const json schema = load_schema();
  EXPECT_THAT(test::schema_violations(schema, to_json(test::example_evidence())), IsEmpty());
  const Evidence acquired = test::example_evidence({2, 2, stats::Decision::kEvidence, "x", true});
  EXPECT_THAT(test::schema_violations(schema, to_json(acquired)), IsEmpty());
  EXPECT_THAT(test::schema_violations(schema, to_json(evidence_with_nulls())), IsEmpty());
}

TEST(EvidenceSchema, NamesTheVersionOfTheCode) {
  EXPECT_EQ(load_schema()["properties"]["schema_version"]["const"], kEvidenceSchemaVersion);
}

TEST(EvidenceSchema, RefusesAnyOtherDocument) {
  const json schema = load_schema();
  json document = to_json(test::example_evidence({1, 1}));
  document["extra"] = 1;
  EXPECT_THAT(test::schema_violations(schema, document), ElementsAre("/extra is unknown"));
  document.erase("extra");
  document["verdict"]["decision"] = "guilty";
  document["suspect"]["samples"][0]["score"] = nullptr;
  EXPECT_EQ(test::schema_violations(schema, document).size(), 2U);
}

bool reader_accepts(const json& document) {
  try {
    evidence_from_json(document, "e.json");
    return true;
  } catch (const core::Error&) {
    return false;
  }
}

TEST(EvidenceSchema, DemandsWhatTheReaderDemands) {
  const json schema = load_schema();
  const json good = to_json(evidence_with_nulls());
  const json flat = good.flatten();
  for (const auto& item : flat.items()) {
    const json::json_pointer pointer(item.key());
    json bad = good;
    json& parent = bad[pointer.parent_pointer()];
    if (!parent.is_object()) continue;
    parent.erase(pointer.back());
    EXPECT_EQ(test::schema_violations(schema, bad).empty(), reader_accepts(bad)) << item.key();
  }
}

TEST(EvidenceSchema, AllowsTheTypesTheReaderAllows) {
  const json schema = load_schema();
  const json good = to_json(test::example_evidence({1, 1, stats::Decision::kEvidence, "x", true}));
  const json flat = good.flatten();
  for (const auto& item : flat.items()) {
    for (const char* value : {"null", "\"text\"", "true", "{}"}) {
      json bad = good;
      bad[json::json_pointer(item.key())] = json::parse(value);
      const bool several_primaries = item.key().find("/primary") != std::string::npos;
      if (several_primaries) continue;  // Their number is beyond a schema.
      EXPECT_EQ(test::schema_violations(schema, bad).empty(), reader_accepts(bad))
          << item.key() << value;
    }
  }
}

}  // namespace
}  // namespace patina::report
