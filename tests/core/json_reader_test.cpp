// SPDX-License-Identifier: Apache-2.0
#include "core/json_reader.h"

#include <functional>

#include <gtest/gtest.h>

#include "tests/core/caught.h"

namespace patina::core {
namespace {

using nlohmann::json;

class JsonReaderTest : public testing::Test {
 protected:
  static JsonField field() {
    static const json kDocument = json::parse(R"({"name": "x", "count": 3, "share": 0.5, "on": true,
      "none": null, "big": 18446744073709551615, "list": [1, "two"], "odd/na~me": {"a": 1}})");
    return JsonField(kDocument, "f.json", "mend it");
  }
};

TEST_F(JsonReaderTest, ReadsWhatIsThere) {
  EXPECT_EQ(field().member("name").text(10), "x");
  EXPECT_EQ(field().member("count").integer(1, 3), 3);
  EXPECT_EQ(field().member("share").number(0.0, 1.0), 0.5);
  EXPECT_TRUE(field().member("on").boolean());
  EXPECT_EQ(field().member("list").elements(2).front().integer(0, 9), 1);
  EXPECT_EQ(field().members().size(), 8U);
}

TEST_F(JsonReaderTest, FallsBackOnlyWhereThereIsNothing) {
  for (const char* name : {"none", "absent"}) {
    EXPECT_EQ(field().text_or(name, "y", 10), "y");
    EXPECT_EQ(field().integer_or(name, 7, 0, 9), 7);
    EXPECT_EQ(field().number_or(name, 0.25, 0.0, 1.0), 0.25);
    EXPECT_TRUE(field().boolean_or(name, true));
    EXPECT_FALSE(field().find(name));
  }
  EXPECT_EQ(field().integer_or("count", 7, 0, 9), 3);
}

TEST_F(JsonReaderTest, SaysWhichFieldIsWrongAndHow) {
  const std::pair<const char*, std::function<void()>> cases[] = {
      {"f.json: /absent is missing; mend it.", [] { field().member("absent"); }},
      {"f.json: /name is not an integer; mend it.", [] { field().integer_or("name", 1, 0, 9); }},
      {"f.json: /count is 3, outside [5, 9]; mend it.",
       [] { field().integer_or("count", 6, 5, 9); }},
      {"f.json: /big is outside [0, 9]; mend it.", [] { field().integer_or("big", 6, 0, 9); }},
      {"f.json: /share is 0.5, outside [0, 0.25]; mend it.",
       [] { field().number_or("share", 0.0, 0.0, 0.25); }},
      {"f.json: /count is not a text; mend it.", [] { field().text_or("count", "", 10); }},
      {"f.json: /name has 1 bytes, at most 0 are read; mend it.",
       [] { field().text_or("name", "", 0); }},
      {"f.json: /name is not true or false; mend it.", [] { field().boolean_or("name", true); }},
      {"f.json: /list has 2 elements, at most 1 are read; mend it.",
       [] { field().member("list").elements(1); }},
      {"f.json: /list/1 is not an integer; mend it.",
       [] { field().member("list").elements(2)[1].integer(0, 9); }},
      {"f.json: /name is not an object; mend it.", [] { field().member("name").members(); }},
      {"f.json: /odd~1na~0me/a is not a known field; mend it.",
       [] { field().member("odd/na~me").expect_only({"b"}); }}};
  for (const auto& [text, read] : cases) EXPECT_EQ(caught_text(read), text);
}

TEST(JsonField, TakesOnlyAnObjectForADocument) {
  const json list = json::array();
  EXPECT_EQ(caught_text([&] { JsonField(list, "f.json", "").find("a"); }),
            "f.json: the document is not an object.");
}

TEST(JsonError, KeepsFieldAndFault) {
  const json document = {{"a", {1, "x"}}};
  try {
    JsonField(document, "f.json", "").member("a").elements(2)[1].integer(0, 9);
    FAIL() << "a text was read as an integer";
  } catch (const JsonError& error) {
    EXPECT_EQ(error.pointer(), "/a/1");
    EXPECT_EQ(error.fault(), "is not an integer");
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
  }
}

}  // namespace
}  // namespace patina::core
