// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as a server's answer: the same verdict whatever the pieces they come in.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/message.h"

namespace {

namespace http = patina::http;

std::string read_in_pieces(const std::string& bytes, std::size_t piece) {
  http::AnswerLimits limits;
  limits.max_body_bytes = 1 << 16;
  limits.max_header_bytes = 1 << 12;
  http::AnswerReader reader(limits);
  bool over = false;
  for (std::size_t at = 0; at < bytes.size() && !over; at += piece) {
    over = reader.feed(std::string_view(bytes).substr(at, piece));
  }
  if (!over) reader.end_of_stream();
  if (!reader.complete() || reader.fault()) return "?";
  const auto response = reader.response();
  return reader.fault() ? "?" : std::to_string(response.status) + response.body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = read_in_pieces(bytes, bytes.size() + 1);
  const std::string pieces = read_in_pieces(bytes, 3);
  // Bytes behind the end are seen only where they come with it.
  if (whole != "?" && whole != pieces) std::abort();
  return 0;
}
