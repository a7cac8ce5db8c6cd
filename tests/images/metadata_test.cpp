// SPDX-License-Identifier: Apache-2.0
#include "images/metadata.h"

#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "images/image_io.h"
#include "images/texts.h"
#include "tests/images/pictures.h"

namespace patina::images {
namespace {

using nlohmann::json;

json facts_of(const std::string& bytes) {
  const auto data = bytes_of(bytes);
  return read_image_metadata(data, read_image_header(data, "x"));
}

// As AUTOMATIC1111's processing.py writes it.
const char* const kInfotext =
    "a harbour,\nsecond line\nNegative prompt: fog, rain\n"
    "Steps: 20, Sampler: Euler a, Schedule type: Automatic, CFG scale: 7, Seed: "
    "18446744073709551615, "
    "Size: 512x768, Model hash: 6ce0161689, Model: \"v1,5: x\", Lora hashes: \"a: 0123456789ab, b: "
    "ffff\", Hashes: {\"model\":\"x,y\",\"n\":{\"a\":1}}, Version: v1.10.1";

TEST(ParseInfotext, SplitsPromptNegativeAndValues) {
  const Infotext info = parse_infotext(kInfotext);
  EXPECT_EQ(info.prompt, "a harbour,\nsecond line");
  EXPECT_EQ(info.negative_prompt, "fog, rain");
  EXPECT_EQ(info.values.at("Seed"), "18446744073709551615");
  EXPECT_EQ(info.values.at("Model"), "v1,5: x");
  EXPECT_EQ(info.values.at("Lora hashes"), "a: 0123456789ab, b: ffff");
  EXPECT_EQ(info.values.at("Hashes"), R"({"model":"x,y","n":{"a":1}})");
  EXPECT_EQ(info.values.at("Version"), "v1.10.1");
}

TEST(ParseInfotext, PromptsMayHoldAnything) {
  const Infotext sly = parse_infotext(
      "Steps: 1, of: a, stair: x\nSteps: 20, Seed: 7, CFG scale: 2");
  EXPECT_EQ(sly.prompt, "Steps: 1, of: a, stair: x");
  EXPECT_EQ(sly.values.at("Seed"), "7");
  EXPECT_EQ(parse_infotext("only words").prompt, "only words");
  EXPECT_TRUE(parse_infotext("").values.empty());
  for (const char* broken :
       {"Steps: ", "Steps: 20, \"", "Steps: {[{", "Steps: 1, A: \"\\", ":,:,"}) {
    parse_infotext(broken);
  }
}

// generation_parameters_copypaste.py, parse_generation_parameters(): the last line has the values,
// if there are three; what follows a "Negative prompt:" is negative, line by line.
TEST(ParseInfotext, TakesEveryNegativeLine) {
  const Infotext info = parse_infotext(
      "a cat\nNegative prompt: blurry\nNegative prompt: low quality\nSteps: 20, Sampler: Euler a, "
      "CFG scale: 7, Seed: 123");
  EXPECT_EQ(info.prompt, "a cat");
  EXPECT_EQ(info.negative_prompt, "blurry\nlow quality");
  EXPECT_EQ(info.values.at("Seed"), "123");
}

TEST(ParseInfotext, TakesFewerThanThreeValuesForAPrompt) {
  const Infotext info = parse_infotext("a cat\nSteps: 20, Seed: 7");
  EXPECT_EQ(info.prompt, "a cat\nSteps: 20, Seed: 7");
  EXPECT_TRUE(info.values.empty());
}

TEST(ParseInfotext, EndsAnUnquotedValueAtTheCommaWhateverBracketsAreOpen) {
  const Infotext info = parse_infotext(
      "a\nSteps: 20, Model: x[1, Seed: 7, Note: \"half, Size: 8x8");
  EXPECT_EQ(info.values.at("Model"), "x[1");
  EXPECT_EQ(info.values.at("Seed"), "7");
  EXPECT_EQ(info.values.at("Note"), "\"half");
  EXPECT_EQ(info.values.at("Size"), "8x8");
}

TEST(ReadImageMetadata, ReadsAPngOfAWebUi) {
  const json facts = facts_of(
      with_chunk(noise_png(1), "tEXt", std::string("parameters\0", 11) + kInfotext));
  EXPECT_EQ(facts.at("seed"), "18446744073709551615");
  EXPECT_EQ(facts.at("model_hash"), "6ce0161689");
  EXPECT_EQ(facts.at("prompt"), "a harbour,\nsecond line");
  EXPECT_EQ(facts.at("texts").at("parameters").at("text"), kInfotext);
}

TEST(ReadImageMetadata, ReadsInternationalAndLatin1Text) {
  const std::string itxt("parameters\0\0\0\0\0", 15);
  EXPECT_EQ(
      facts_of(with_chunk(noise_png(1), "iTXt", itxt + "gr\xC3\xBCn\nSteps: 1, Seed: 2, Size: 8x8"))
          .at("prompt"),
      "grün");
  EXPECT_EQ(facts_of(with_chunk(noise_png(1), "tEXt", std::string("Title\0gr\xFCn", 10)))
                .at("texts")
                .at("Title")
                .at("text"),
            "grün");
}

TEST(ReadImageMetadata, ReadsAGraphOfComfyUi) {
  const json graph = {
      {"3",
       {{"class_type", "KSampler"},
        {"inputs",
         {{"seed", 18446744073709551615ULL},
          {"steps", 20},
          {"cfg", 8.0},
          {"sampler_name", "euler"},
          {"positive", json::array({"6", 0})},
          {"negative", json::array({"7", 0})}}}}},
      {"4",
       {{"class_type", "CheckpointLoaderSimple"}, {"inputs", {{"ckpt_name", "sd.safetensors"}}}}},
      {"6", {{"class_type", "CLIPTextEncode"}, {"inputs", {{"text", json::array({"9", 0})}}}}},
      {"7", {{"class_type", "CLIPTextEncode"}, {"inputs", {{"text", "fog"}}}}},
      {"9", {{"class_type", "PrimitiveNode"}, {"inputs", {{"value", "a harbour"}}}}},
      {"10", {{"class_type", "LoraLoader"}, {"inputs", {{"lora_name", "sks.safetensors"}}}}}};
  const json facts = facts_of(
      with_chunk(noise_png(1), "tEXt", std::string("prompt\0", 7) + graph.dump()));
  EXPECT_EQ(facts.at("producer"), "ComfyUI");
  EXPECT_EQ(facts.at("seed"), "18446744073709551615");
  EXPECT_EQ(facts.at("prompt"), "a harbour");
  EXPECT_EQ(facts.at("negative_prompt"), "fog");
  EXPECT_EQ(facts.at("model"), "sd.safetensors");
  EXPECT_EQ(facts.at("loras"), json::array({"sks.safetensors"}));
}

json facts_of_graph(const std::string& graph) {
  return facts_of(with_chunk(noise_png(1), "tEXt", std::string("prompt\0", 7) + graph));
}

// Python's json module writes what JSON does not have, outside of strings.
TEST(ReadImageMetadata, ReadsAGraphWithPythonsNumbers) {
  const json facts = facts_of_graph(
      R"({"3": {"class_type": "KSampler", "inputs": {"seed": 5, "cfg": -Infinity,
              "positive": ["6", 0]}},
          "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a \"NaN\" house, NaN"}},
          "9": {"class_type": "LoadImage", "inputs": {}, "is_changed": [NaN, Infinity]}})");
  EXPECT_EQ(facts.at("prompt"), "a \"NaN\" house, NaN");
  EXPECT_EQ(facts.at("seed"), "5");
}

TEST(ReadImageMetadata, ReadsEveryDifferentTextOfAGraph) {
  const json facts = facts_of_graph(
      R"({"3": {"class_type": "KSampler", "inputs": {"seed": 5, "positive": ["6", 0],
              "negative": ["7", 0]}},
          "6": {"class_type": "CLIPTextEncodeFlux", "inputs": {"clip_l": "house", "t5xxl": "a house"}},
          "7": {"class_type": "CLIPTextEncodeSDXL", "inputs": {"text_g": "ugly", "text_l": "ugly"}}})");
  EXPECT_EQ(facts.at("prompt"), "house\na house");
  EXPECT_EQ(facts.at("negative_prompt"), "ugly");
}

TEST(ReadImageMetadata, AGraphThatLinksToItselfEnds) {
  const json graph = {{"6",
                       {{"class_type", "KSampler"},
                        {"inputs", {{"seed", 1}, {"positive", json::array({"6", 0})}}}}}};
  EXPECT_EQ(facts_of(with_chunk(noise_png(1), "tEXt", std::string("prompt\0", 7) + graph.dump()))
                .at("seed"),
            "1");
}

// EXIF of one UserComment: "UNICODE\0" and UTF-16, big or little endian.
std::string jpeg_with_comment(bool little) {
  const auto number = [little](std::uint32_t value, int size) {
    std::string text;
    for (int i = 0; i < size; ++i) {
      text += static_cast<char>(value >> (8 * (little ? i : size - 1 - i)));
    }
    return text;
  };
  std::string comment("UNICODE\0", 8);
  for (const char c : std::string("a cat\nSteps: 5, Seed: 9, Size: 8x8")) {
    comment += little ? std::string({c, '\0'}) : std::string({'\0', c});
  }
  const std::string header = little ? std::string("II*\0", 4) : std::string("MM\0*", 4);
  const auto size = static_cast<std::uint32_t>(comment.size());
  const std::string exif = header + number(8, 4) + number(1, 2) + number(0x8769, 2) + number(4, 2) +
                           number(1, 4) + number(26, 4) + number(0, 4) + number(1, 2) +
                           number(0x9286, 2) + number(7, 2) + number(size, 4) + number(44, 4) +
                           number(0, 4) + comment;
  const std::string body = std::string("Exif\0\0", 6) + exif;
  const std::size_t length = body.size() + 2;
  const std::string segment = std::string("\xFF\xE1") + static_cast<char>(length >> 8) +
                              static_cast<char>(length & 0xFF) + body;
  const std::string jpeg = noise_jpeg(1);
  return jpeg.substr(0, 2) + segment + jpeg.substr(2);
}

TEST(ReadImageMetadata, ReadsTheUserCommentOfAJpegInBothByteOrders) {
  for (const bool little : {true, false}) {
    const json facts = facts_of(jpeg_with_comment(little));
    EXPECT_EQ(facts.at("prompt"), "a cat") << little;
    EXPECT_EQ(facts.at("seed"), "9");
  }
}

TEST(ReadImageTexts, FillBytesMayStandBeforeAMarker) {  // [ITU-T T.81, Sec. B.1.1.2]
  const std::string jpeg = noise_jpeg(1);
  const std::string comment(
      "\xFF\xFF\xFF\xFE\0\x07"
      "hello",
      11);
  const auto texts = read_image_texts(bytes_of(jpeg.substr(0, 2) + comment + jpeg.substr(2)),
                                      ImageFormat::kJPEG);
  EXPECT_EQ(texts.at("JPEG comment"), "hello");
}

TEST(ReadImageTexts, AnExifOfPointersToItselfEnds) {
  constexpr int kEntries = 1000;
  std::string block("II*\0\x08\0\0\0\xE8\x03", 10);
  block += std::string("\x31\x01\x02\0\x03\0\0\0up\0\0", 12);  // Software = "up".
  for (int i = 1; i < kEntries; ++i) block += std::string("\x69\x87\x04\0\x01\0\0\0\x08\0\0\0", 12);
  block += std::string(4, '\0');
  const auto texts = read_image_texts(bytes_of(block), ImageFormat::kTIFF);
  EXPECT_EQ(texts, (std::map<std::string, std::string>{{"Software", "up"}}));
}

TEST(ReadImageMetadata, ACompressedTextIsBounded) {
  const std::string bomb = compressed(std::string(4 << 20, 'x'));
  ASSERT_LT(bomb.size(), 10'000U);
  EXPECT_TRUE(facts_of(with_chunk(noise_png(1), "zTXt", std::string("x\0\0", 3) + bomb)).is_null());
  const std::string text = compressed("a cat");
  EXPECT_EQ(facts_of(with_chunk(noise_png(1), "zTXt", std::string("x\0\0", 3) + text))
                .at("texts")
                .at("x")
                .at("text"),
            "a cat");
  EXPECT_TRUE(
      facts_of(with_chunk(noise_png(1), "zTXt", std::string("x\0\0garbage", 10))).is_null());
}

TEST(ReadImageMetadata, CutsNoCharacterInTwo) {
  // A keyword of 79 Latin-1 letters is longer in UTF-8, and so is a text beyond what is shown.
  const std::string name(79, '\xFC');
  std::string text = "x";
  for (int i = 0; i < 3'000; ++i) text += "\xFC";
  const json facts = facts_of(with_chunk(noise_png(1), "tEXt", name + '\0' + text));
  EXPECT_NO_THROW(facts.dump()) << "valid UTF-8";
}

TEST(ReadImageMetadata, TakesNoSurrogateOrOverlongFormForUtf8) {
  for (const char* text :
       {"\xED\xA0\x80", "\xE0\x80\xAF", "\xF4\x90\x80\x80", "\xF0\x80\x80\xAF"}) {
    const json facts = facts_of(with_chunk(noise_png(1), "tEXt", std::string("Title\0", 6) + text));
    EXPECT_NO_THROW(facts.dump()) << "its bytes were taken for Latin-1";
  }
}

TEST(ReadImageMetadata, DamageIsReadAsFarAsItGoes) {
  const std::string png = with_chunk(
      noise_png(1, 16), "tEXt", std::string("parameters\0", 11) + kInfotext);
  const std::string jpeg = jpeg_with_comment(true);
  for (const std::string& whole : {png, jpeg}) {
    for (std::size_t i = 30; i < whole.size(); i += 3) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ 0xFF);
      const auto format = whole == png ? ImageFormat::kPNG : ImageFormat::kJPEG;
      read_image_texts(bytes_of(damaged), format);
      read_image_texts(bytes_of(whole.substr(0, i)), format);
    }
  }
}

}  // namespace
}  // namespace patina::images
