// SPDX-License-Identifier: Apache-2.0
// Texts inside image containers. Every length is a stranger's: checked before it is used.
#include <algorithm>
#include <optional>

#include "core/byte_reader.h"
#include "core/deflate.h"
#include "core/error.h"
#include "core/text.h"
#include "images/metadata.h"

namespace patina::images {
namespace {

using core::Bytes;
using Texts = std::map<std::string, std::string>;

constexpr std::size_t kMaxTexts = 64;
constexpr std::size_t kMaxText = 1 << 20;
constexpr std::size_t kMaxName = 79;
constexpr std::size_t kMaxChunks = 100'000;
constexpr int kMaxEntries = 1000;

std::string_view view_of(const core::Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint32_t number(std::string_view data, std::size_t at, int size, bool little) {
  std::uint32_t value = 0;
  for (int i = 0; i < size; ++i) {
    const auto offset = static_cast<std::size_t>(little ? size - 1 - i : i);
    value = (value << 8) | static_cast<unsigned char>(data[at + offset]);
  }
  return value;
}

std::string from_utf16(std::string_view data, bool little) {
  std::string text;
  for (std::size_t at = 0; at + 1 < data.size(); at += 2) {
    std::uint32_t code = number(data, at, 2, little);
    if (code >= 0xD800 && code < 0xDC00 && at + 3 < data.size()) {
      const std::uint32_t low = number(data, at + 2, 2, little);
      if (low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        at += 2;
      }
    }
    core::append_utf8(text, code);
  }
  return text;
}

void keep(Texts& texts, const std::string& name, std::string text) {
  while (!text.empty() && (text.back() == '\0' || text.back() == ' ')) text.pop_back();
  if (text.empty() || texts.size() >= kMaxTexts) return;
  texts.emplace(core::cut_utf8(core::to_utf8(name), kMaxName), core::cut_utf8(text, kMaxText));
}

std::optional<std::string> inflated(std::string_view data) {
  try {
    return core::inflate_bounded(data, kMaxText, "a text chunk");
  } catch (const core::Error&) {
    return std::nullopt;
  }
}

// tEXt: keyword 0 text; zTXt: keyword 0 method data; iTXt: keyword 0 flag method language 0 keyword
// 0 text [PNG, Third Edition, Sec. 11.3.3].
void read_text_chunk(std::string_view type, std::string_view data, Texts& texts) {
  const std::size_t zero = data.find('\0');
  if (zero == std::string_view::npos || zero == 0 || zero > 79) return;
  const std::string name(data.substr(0, zero));
  std::string_view rest = data.substr(zero + 1);
  if (type == "tEXt") return keep(texts, name, core::to_utf8(rest));
  if (type == "zTXt") {
    if (rest.empty()) return;
    if (auto text = inflated(rest.substr(1))) keep(texts, name, core::to_utf8(*text));
    return;
  }
  if (rest.size() < 2) return;
  const bool compressed = rest[0] == 1;
  rest.remove_prefix(2);
  for (int i = 0; i < 2; ++i) {
    const std::size_t end = rest.find('\0');
    if (end == std::string_view::npos) return;
    rest.remove_prefix(end + 1);
  }
  if (!compressed) return keep(texts, name, core::to_utf8(rest));
  if (auto text = inflated(rest)) keep(texts, name, core::to_utf8(*text));
}

std::string user_comment(std::string_view value, bool little) {
  if (value.size() < 8) return {};
  const std::string_view code = value.substr(0, 8);
  const std::string_view text = value.substr(8);
  if (code != std::string_view("UNICODE\0", 8)) return core::to_utf8(text);
  if (text.size() < 2) return {};
  // The block's byte order counts; writers that ignore it show by the zero bytes of Latin letters.
  std::size_t even = 0;
  std::size_t odd = 0;
  for (std::size_t i = 0; i + 1 < std::min<std::size_t>(text.size(), 512); i += 2) {
    even += text[i] == '\0' ? 1 : 0;
    odd += text[i + 1] == '\0' ? 1 : 0;
  }
  const bool is_little = even == odd ? little : odd > even;
  return from_utf16(text, is_little);
}

class Exif {
 public:
  Exif(std::string_view data, Texts& texts) : data_(data), texts_(texts) {}

  void read() {
    if (data_.size() < 8) return;
    little_ = data_.substr(0, 2) == "II";
    if (!little_ && data_.substr(0, 2) != "MM") return;
    directory(number(data_, 4, 4, little_), 0);
  }

 private:
  void directory(std::size_t at, int depth) {
    if (depth > 2 || at + 2 > data_.size()) return;
    const int count = std::min<int>(static_cast<int>(number(data_, at, 2, little_)), kMaxEntries);
    for (int i = 0; i < count; ++i) {
      const std::size_t entry = at + 2 + static_cast<std::size_t>(i) * 12;
      if (entry + 12 > data_.size()) return;
      take(entry, depth);
    }
  }

  void take(std::size_t entry, int depth) {
    const std::uint32_t tag = number(data_, entry, 2, little_);
    const std::uint32_t type = number(data_, entry + 2, 2, little_);
    const std::uint64_t size = number(data_, entry + 4, 4, little_);
    if (tag == 0x8769) return directory(number(data_, entry + 8, 4, little_), depth + 1);
    const char* name = name_of(tag);
    if (*name == '\0' || (type != 2 && type != 7 && type != 1)) return;
    const std::uint64_t offset = size <= 4 ? entry + 8 : number(data_, entry + 8, 4, little_);
    if (offset > data_.size() || size > data_.size() - offset) return;
    const std::string_view value = data_.substr(static_cast<std::size_t>(offset),
                                                static_cast<std::size_t>(size));
    keep(texts_, name, tag == 0x9286 ? user_comment(value, little_) : core::to_utf8(value));
  }

  static const char* name_of(std::uint32_t tag) {
    switch (tag) {
      case 0x010E:
        return "ImageDescription";
      case 0x010F:
        return "Make";
      case 0x0110:
        return "Model";
      case 0x0131:
        return "Software";
      case 0x013B:
        return "Artist";
      case 0x9286:
        return "UserComment";
      default:
        return "";
    }
  }

  std::string_view data_;
  Texts& texts_;
  bool little_ = true;
};

void read_png(std::string_view data, Texts& texts) {
  std::size_t at = 8;
  for (std::size_t i = 0; i < kMaxChunks && at + 12 <= data.size(); ++i) {
    const std::uint64_t length = number(data, at, 4, false);
    if (length > data.size() - at - 12) return;
    const std::string_view type = data.substr(at + 4, 4);
    const std::string_view body = data.substr(at + 8, static_cast<std::size_t>(length));
    if (type == "tEXt" || type == "zTXt" || type == "iTXt") read_text_chunk(type, body, texts);
    if (type == "eXIf") Exif(body, texts).read();
    if (type == "caBX") keep(texts, "C2PA", "present");
    if (type == "IEND") return;
    at += 12 + static_cast<std::size_t>(length);
  }
}

void read_jpeg(std::string_view data, Texts& texts) {
  std::size_t at = 2;
  while (at + 4 <= data.size() && static_cast<unsigned char>(data[at]) == 0xFF) {
    const auto marker = static_cast<unsigned char>(data[at + 1]);
    if (marker == 0xDA || marker == 0xD9) return;
    const std::size_t length = number(data, at + 2, 2, false);
    if (length < 2 || at + 2 + length > data.size()) return;
    const std::string_view body = data.substr(at + 4, length - 2);
    if (marker == 0xE1 && body.substr(0, 6) == std::string_view("Exif\0\0", 6)) {
      Exif(body.substr(6), texts).read();
    }
    if (marker == 0xFE) keep(texts, "JPEG comment", core::to_utf8(body));
    if (marker == 0xEB && body.find("jumb") != std::string_view::npos)
      keep(texts, "C2PA", "present");
    at += 2 + length;
  }
}

void read_webp(std::string_view data, Texts& texts) {
  std::size_t at = 12;
  for (std::size_t i = 0; i < kMaxChunks && at + 8 <= data.size(); ++i) {
    const std::size_t length = number(data, at + 4, 4, true);
    if (length > data.size() - at - 8) return;
    std::string_view body = data.substr(at + 8, length);
    if (data.substr(at, 4) == "EXIF") {
      if (body.substr(0, 6) == std::string_view("Exif\0\0", 6)) body.remove_prefix(6);
      Exif(body, texts).read();
    }
    at += 8 + length + (length & 1U);
  }
}

}  // namespace

Texts read_image_texts(const core::Bytes& bytes, ImageFormat format) {
  Texts texts;
  const std::string_view data = view_of(bytes);
  if (format == ImageFormat::kPNG) read_png(data, texts);
  if (format == ImageFormat::kJPEG) read_jpeg(data, texts);
  if (format == ImageFormat::kWebP) read_webp(data, texts);
  if (format == ImageFormat::kTIFF) Exif(data, texts).read();
  return texts;
}

}  // namespace patina::images
