// SPDX-License-Identifier: Apache-2.0
// The PNG that a client gets, taken apart chunk by chunk [PNG, third edition, Sec. 5 and 11.3.3],
// and the text in it as create_infotext() of AUTOMATIC1111's modules/processing.py writes it.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base64.h"
#include "tests/serve/running.h"

namespace patina::serve {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// The CRC of Annex D: polynomial 0xEDB88320, reflected, all ones before and after.
std::uint32_t crc_of(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

std::uint32_t big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8U | static_cast<unsigned char>(bytes.at(i));
  return value;
}

struct Chunk {
  std::string type;
  std::string data;
};

/// The chunks of a PNG; fails the test for a wrong signature, length or CRC.
std::vector<Chunk> chunks_of(const std::string& png) {
  EXPECT_EQ(png.substr(0, 8), "\x89PNG\r\n\x1a\n");
  std::vector<Chunk> chunks;
  for (std::size_t at = 8; at < png.size();) {
    if (png.size() - at < 12 || big_endian(png.substr(at)) > png.size() - at - 12) {
      ADD_FAILURE() << "a chunk is cut short at byte " << at;
      break;
    }
    const std::size_t size = big_endian(png.substr(at));
    chunks.push_back({png.substr(at + 4, 4), png.substr(at + 8, size)});
    EXPECT_EQ(big_endian(png.substr(at + 8 + size)), crc_of(png.substr(at + 4, 4 + size)))
        << chunks.back().type;
    at += 12 + size;
  }
  return chunks;
}

std::string png_of(const Running& running, const json& more = json::object()) {
  json request = {{"prompt", "a cat"}, {"seed", 7}, {"steps", 3}};
  request.update(more);
  const json body = json::parse(draw_at(running, request).body);
  return core::decode_base64(body.at("images").at(0).get<std::string>(), "x");
}

/// The one text chunk.
Chunk text_of(const std::string& png) {
  std::vector<Chunk> texts;
  for (const Chunk& chunk : chunks_of(png)) {
    if (chunk.type == "tEXt" || chunk.type == "iTXt" || chunk.type == "zTXt")
      texts.push_back(chunk);
  }
  EXPECT_EQ(texts.size(), 1U);
  return texts.empty() ? Chunk{} : texts.front();
}

std::string infotext_of(const Running& running, const json& more = json::object()) {
  const Chunk chunk = text_of(png_of(running, more));
  const std::size_t keyword = std::string("parameters").size() + 1;
  return chunk.data.substr(chunk.type == "iTXt" ? keyword + 4 : keyword);
}

// The check value that catalogues of CRCs give for CRC-32/ISO-HDLC.
TEST(ServePicture, IsCheckedByTheCrcOfTheStandard) { EXPECT_EQ(crc_of("123456789"), 0xCBF43926); }

TEST(ServePicture, HasItsChunksInTheOrderOfTheStandard) {
  const Running running;
  for (const char* prompt : {"a cat", "grüne Katze", ""}) {
    const std::vector<Chunk> chunks = chunks_of(png_of(running, {{"prompt", prompt}}));
    ASSERT_GE(chunks.size(), 4U);
    EXPECT_EQ(chunks.front().type, "IHDR");
    EXPECT_EQ(chunks.back().type, "IEND");
    EXPECT_TRUE(chunks.back().data.empty());
    const auto is_data = [](const Chunk& chunk) { return chunk.type == "IDAT"; };
    const auto first = std::find_if(chunks.begin(), chunks.end(), is_data);
    ASSERT_NE(first, chunks.end());
    const auto after = std::find_if_not(first, chunks.end(), is_data);
    EXPECT_EQ(std::find_if(after, chunks.end(), is_data), chunks.end()) << "IDAT in one row";
  }
}

// Sec. 11.2.1: width, height, bit depth, colour type, compression, filter, interlace.
TEST(ServePicture, HasTheSizeThatWasAskedForInEightBitColour) {
  const Running running;
  const Chunk header = chunks_of(png_of(running, {{"width", 72}, {"height", 40}})).at(0);
  ASSERT_EQ(header.data.size(), 13U);
  EXPECT_EQ(big_endian(header.data), 72U);
  EXPECT_EQ(big_endian(header.data.substr(4)), 40U);
  EXPECT_EQ(header.data[8], 8);
  EXPECT_EQ(header.data[9], 2) << "truecolour";
}

// Sec. 11.3.3.2: keyword, null, Latin-1 text; ASCII is the same in both.
TEST(ServePicture, HoldsAsciiInAPlainTextChunk) {
  const Running running;
  const Chunk chunk = text_of(png_of(running));
  EXPECT_EQ(chunk.type, "tEXt");
  EXPECT_THAT(chunk.data, StartsWith(std::string("parameters\0a cat", 16)));
}

// Sec. 11.3.3.4: keyword, null, not compressed, method 0, no language, no translated keyword.
TEST(ServePicture, HoldsOtherTextAsUtf8) {
  const Running running;
  const Chunk chunk = text_of(png_of(running, {{"prompt", "grüne Katze"}}));
  EXPECT_EQ(chunk.type, "iTXt");
  EXPECT_THAT(chunk.data, StartsWith(std::string("parameters\0\0\0\0\0gr\xc3\xbcne", 20)));
}

// "Neither [keyword nor text] can contain a null character": a reader would end there, and what
// follows would be hidden from it.
TEST(ServePicture, HoldsNoNullWithinItsText) {
  const Running running;
  for (const std::string& prompt : {std::string("a\0cat", 5), std::string("ü\0", 3)}) {
    const std::string text = infotext_of(running,
                                         {{"prompt", prompt}, {"negative_prompt", prompt}});
    EXPECT_EQ(text.find('\0'), std::string::npos);
    EXPECT_THAT(text, HasSubstr("\nSteps: 3, "));
  }
}

TEST(ServeInfotext, IsWhatTheWebUIWrites) {
  const Running running;
  EXPECT_EQ(
      infotext_of(running,
                  {{"negative_prompt", "fog"},
                   {"sampler_name", "k_euler_a"},
                   {"cfg_scale", 6.5},
                   {"height", 128}}),
      "a cat\nNegative prompt: fog\nSteps: 3, Sampler: Euler a, Schedule type: Automatic, CFG "
      "scale: 6.5, Seed: 7, Size: 64x128, Model hash: aaaaaaaaaa, Model: tiny, Lora hashes: "
      "\"sks: cccccccccccc\", Version: patina");
}

TEST(ServeInfotext, LeavesOutWhatThereIsNot) {
  ModelCard card = tiny_card();
  card.loras.clear();
  const std::string text = infotext_of(Running({}, draw_noise, card));
  EXPECT_THAT(text, StartsWith("a cat\nSteps: 3, "));
  EXPECT_THAT(text, Not(HasSubstr("Lora hashes")));
}

// quote() in modules/infotext_utils.py: JSON where the value has a comma, a colon or a line end.
TEST(ServeInfotext, QuotesValuesThatWouldEndEarly) {
  struct Case {
    const char* name;
    const char* written;
  };
  for (const Case& one : {Case{"v1-5 \"pruned\"", "Model: v1-5 \"pruned\", "},
                          Case{"ink, wash", "Model: \"ink, wash\", "},
                          Case{"ink: \"wash\"", "Model: \"ink: \\\"wash\\\"\", "},
                          Case{"ink\nwash", "Model: \"ink\\nwash\", "},
                          Case{"Tusche, grün", "Model: \"Tusche, grün\", "}}) {
    ModelCard card = tiny_card();
    card.name = one.name;
    EXPECT_THAT(infotext_of(Running({}, draw_noise, card)), HasSubstr(one.written));
  }
}

TEST(ServeInfotext, ListsEveryLoraInOneQuotedValue) {
  ModelCard card = tiny_card();
  card.loras = {{"ink", std::string(64, '1')}, {"wash", std::string(64, '2')}};
  EXPECT_THAT(infotext_of(Running({}, draw_noise, card)),
              HasSubstr("Lora hashes: \"ink: 111111111111, wash: 222222222222\", Version"));
}

TEST(ServeInfotext, KeepsTheTagsOfThePrompt) {
  EXPECT_THAT(infotext_of(Running(), {{"prompt", "a cat <lora:sks:1>"}}),
              StartsWith("a cat <lora:sks:1>\nSteps"));
}

TEST(ServeInfotext, IsTheSameInTheInfoAndInThePicture) {
  const Running running;
  const json body = json::parse(
      draw_at(running, {{"prompt", "a cat"}, {"seed", 40}, {"steps", 1}, {"batch_size", 3}}).body);
  const json info = json::parse(body.at("info").get<std::string>());
  for (std::size_t i = 0; i < 3; ++i) {
    const Chunk chunk = text_of(core::decode_base64(body.at("images")[i].get<std::string>(), "x"));
    EXPECT_EQ(chunk.data.substr(11), info.at("infotexts")[i]);
    EXPECT_THAT(chunk.data, HasSubstr("Seed: " + std::to_string(40 + i) + ","));
  }
}

TEST(ServeInfotext, StandsInPicturesOfTheOtherApiToo) {
  const Running running;
  const json body = json::parse(generate_at(running,
                                            {{"prompt", "a cat"},
                                             {"n", 2},
                                             {"seed", 7},
                                             {"num_inference_steps", 3},
                                             {"response_format", "b64_json"}})
                                    .body);
  const auto text = [&body](std::size_t i) {
    const std::string encoded = body.at("data").at(i).at("b64_json");
    return text_of(core::decode_base64(encoded, "x")).data;
  };
  EXPECT_THAT(text(0), HasSubstr("Sampler: Euler, "));
  EXPECT_THAT(text(0), HasSubstr("Seed: 7, Size: 64x64, "));
  EXPECT_THAT(text(1), HasSubstr("Seed: 8, Size: 64x64, "));
}

}  // namespace
}  // namespace patina::serve
