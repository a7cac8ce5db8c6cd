// SPDX-License-Identifier: Apache-2.0
#include "http/message.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/deflate.h"
#include "core/error.h"
#include "core/text.h"

namespace patina::http {
namespace {

constexpr std::size_t kMaxChunkLine = 1024;

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && core::lower_ascii(a) == core::lower_ascii(b);
}

// tchar of RFC 9110, Sec. 5.6.2.
bool is_token(std::string_view text) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7F;
  });
}

std::optional<std::uint64_t> whole_number(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  const bool all = failure == std::errc() && end == text.data() + text.size() && !text.empty();
  return all ? std::optional<std::uint64_t>(value) : std::nullopt;
}

// "HTTP/1.1 200 OK"; the reason may be empty and its blank missing.
bool parse_status_line(std::string_view line, HttpResponse& response, bool& http_1_0) {
  if (line.substr(0, 7) != "HTTP/1." || line.size() < 12) return false;
  if (line[7] != '0' && line[7] != '1') return false;
  http_1_0 = line[7] == '0';
  const auto status = whole_number(line.substr(9, 3), 10);
  if (line[8] != ' ' || !status || *status < 100 || *status > 599) return false;
  if (line.size() > 12 && line[12] != ' ') return false;
  response.status = static_cast<int>(*status);
  response.reason = line.size() > 13 ? std::string(line.substr(13)) : std::string();
  return is_field_value(response.reason);
}

// Empty if the line is a field; else what is wrong with it.
std::string parse_field(std::string_view line, HttpHeaders& headers) {
  if (line.front() == ' ' || line.front() == '\t') return "folds a header field over two lines";
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return "has a header line without a colon";
  const std::string_view name = line.substr(0, colon);
  if (!is_token(name)) return "has a header name with characters that none may have";
  const std::string_view value = core::trim_blank(line.substr(colon + 1));
  if (!is_field_value(value)) return "has a control character in a header value";
  headers.add(std::string(name), std::string(value));
  return {};
}

bool has_token(const HttpHeaders& headers, std::string_view name, std::string_view token) {
  for (const std::string& value : headers.all(name)) {
    const std::string list = "," + core::lower_ascii(value) + ",";
    std::string compact;
    for (const char c : list) {
      if (c != ' ' && c != '\t') compact += c;
    }
    if (compact.find("," + std::string(token) + ",") != std::string::npos) return true;
  }
  return false;
}

}  // namespace

std::string HttpHeaders::get(std::string_view name) const {
  for (const auto& [field, value] : fields_) {
    if (same_name(field, name)) return value;
  }
  return {};
}

std::vector<std::string> HttpHeaders::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [field, value] : fields_) {
    if (same_name(field, name)) values.push_back(value);
  }
  return values;
}

bool HttpHeaders::has(std::string_view name) const {
  return std::any_of(
      fields_.begin(), fields_.end(), [name](const auto& f) { return same_name(f.first, name); });
}

AnswerReader::AnswerReader(const AnswerLimits& limits, bool head_only)
    : limits_(limits), head_only_(head_only) {}

bool AnswerReader::fail(std::string reason, std::string truncated) {
  fault_ = AnswerFault{std::move(reason), std::move(truncated)};
  reusable_ = false;
  return false;
}

bool AnswerReader::feed(std::string_view bytes) {
  raw_.append(bytes);
  while (!fault_ && state_ != State::kDone && step()) {
  }
  if (!fault_ && state_ == State::kDone && at_ < raw_.size()) {
    fail("goes on after the end that its own header states");
  }
  return fault_ || state_ == State::kDone;
}

// One step of reading; false when more bytes are needed or the answer is faulty.
bool AnswerReader::step() {
  switch (state_) {
    case State::kHead:
      return read_head();
    case State::kLength:
    case State::kChunkData:
    case State::kToEnd:
      return read_body_bytes();
    case State::kChunkSize:
      return read_chunk_size();
    case State::kChunkEnd:
      return read_chunk_end();
    case State::kTrailer:
      return read_trailer();
    case State::kDone:
      return false;
  }
  return false;
}

// The line that starts at `from`, without its CRLF.
bool AnswerReader::line_at(std::size_t from, std::size_t limit, std::string_view& line) {
  const std::size_t end = raw_.find('\n', from);
  if (end == std::string::npos) {
    if (raw_.size() - from > limit) fail("has a header of more than the allowed length", "length");
    return false;
  }
  if (end - from > limit) return fail("has a header of more than the allowed length", "length");
  if (end == from || raw_[end - 1] != '\r') return fail("ends a line without a carriage return");
  line = std::string_view(raw_).substr(from, end - 1 - from);
  return true;
}

bool AnswerReader::read_head() {
  const std::size_t end = raw_.find("\r\n\r\n", at_);
  const std::size_t length = (end == std::string::npos ? raw_.size() : end + 4) - at_;
  if (length > limits_.max_header_bytes) {
    return fail("has a header of more than the allowed length", "length");
  }
  if (raw_.size() - at_ >= 5 && raw_.compare(at_, 5, "HTTP/") != 0) {
    return fail("does not speak HTTP/1");
  }
  if (end == std::string::npos) return false;
  response_ = HttpResponse();
  std::string_view line;
  if (!line_at(at_, limits_.max_header_bytes, line)) return false;
  if (!parse_status_line(line, response_, http_1_0_)) return fail("has no valid status line");
  std::size_t from = at_ + line.size() + 2;
  while (from < end + 2) {
    if (!line_at(from, limits_.max_header_bytes, line)) return false;
    const std::string problem = parse_field(line, response_.headers);
    if (!problem.empty()) return fail(problem);
    from += line.size() + 2;
  }
  at_ = end + 4;
  if (response_.status >= 100 && response_.status < 200) {
    if (response_.status == 101) return fail("changes the protocol, which nobody asked for");
    interim_bytes_ = at_;
    return true;
  }
  return choose_framing();
}

// RFC 9112, Sec. 6.3, without what it lets a lenient reader repair.
bool AnswerReader::choose_framing() {
  const std::vector<std::string> codings = response_.headers.all("Transfer-Encoding");
  const bool has_length = response_.headers.has("Content-Length");
  reusable_ = !http_1_0_ && !has_token(response_.headers, "Connection", "close");
  if (head_only_ || response_.status == 204 || response_.status == 304) {
    state_ = State::kDone;
    return true;
  }
  if (!codings.empty()) {
    if (has_length) return fail("sends both Content-Length and Transfer-Encoding");
    if (codings.size() != 1 || core::lower_ascii(codings[0]) != "chunked") {
      return fail("uses a transfer coding other than chunked");
    }
    if (http_1_0_) return fail("is chunked, which HTTP/1.0 does not know");
    state_ = State::kChunkSize;
    return true;
  }
  if (has_length) return choose_length();
  reusable_ = false;
  state_ = State::kToEnd;
  return true;
}

bool AnswerReader::choose_length() {
  const std::vector<std::string> lengths = response_.headers.all("Content-Length");
  const auto length = whole_number(lengths.front(), 10);
  if (!length) return fail("has a Content-Length that is no number");
  if (std::any_of(lengths.begin(), lengths.end(), [&](const std::string& other) {
        return other != lengths.front();
      })) {
    return fail("states two lengths");
  }
  if (*length > limits_.max_body_bytes) {
    return fail("has a body of " + std::to_string(*length) + " bytes, " +
                    std::to_string(limits_.max_body_bytes) + " are allowed",
                "length");
  }
  remaining_ = *length;
  response_.body.reserve(static_cast<std::size_t>(remaining_));
  state_ = remaining_ == 0 ? State::kDone : State::kLength;
  return true;
}

bool AnswerReader::read_body_bytes() {
  std::size_t there = raw_.size() - at_;
  if (state_ != State::kToEnd) {
    there = static_cast<std::size_t>(std::min<std::uint64_t>(there, remaining_));
  }
  if (response_.body.size() + there > limits_.max_body_bytes) {
    return fail("has a body of more than " + std::to_string(limits_.max_body_bytes) + " bytes",
                "length");
  }
  response_.body.append(raw_, at_, there);
  at_ += there;
  if (state_ == State::kToEnd) return false;
  remaining_ -= there;
  if (remaining_ > 0) return false;
  state_ = state_ == State::kLength ? State::kDone : State::kChunkEnd;
  return true;
}

bool AnswerReader::read_chunk_size() {
  std::string_view line;
  if (!line_at(at_, kMaxChunkLine, line)) return false;
  const std::string_view digits = line.substr(0, line.find_first_of("; \t"));
  const auto size = whole_number(digits, 16);
  if (!size || digits.size() > 16 || !is_field_value(line)) {
    return fail("has a chunk whose size is no number");
  }
  at_ += line.size() + 2;
  if (response_.body.size() + *size > limits_.max_body_bytes || *size > limits_.max_body_bytes) {
    return fail("has a body of more than " + std::to_string(limits_.max_body_bytes) + " bytes",
                "length");
  }
  remaining_ = *size;
  state_ = *size == 0 ? State::kTrailer : State::kChunkData;
  return true;
}

bool AnswerReader::read_chunk_end() {
  if (raw_.size() - at_ < 2) return false;
  if (raw_.compare(at_, 2, "\r\n") != 0) return fail("has a chunk longer than it states");
  at_ += 2;
  state_ = State::kChunkSize;
  return true;
}

bool AnswerReader::read_trailer() {
  std::string_view line;
  if (!line_at(at_, limits_.max_header_bytes, line)) return false;
  at_ += line.size() + 2;
  trailer_bytes_ += line.size() + 2;
  if (trailer_bytes_ > limits_.max_header_bytes) {
    return fail("has a header of more than the allowed length", "length");
  }
  if (line.empty()) {
    state_ = State::kDone;
    return true;
  }
  HttpHeaders ignored;
  const std::string problem = parse_field(line, ignored);
  return problem.empty() ? true : fail(problem);
}

void AnswerReader::end_of_stream() {
  if (fault_ || state_ == State::kDone) return;
  if (state_ == State::kToEnd) {
    state_ = State::kDone;
    return;
  }
  fail(raw_.size() == interim_bytes_ ? "closed the connection without an answer"
                                     : "closed the connection in the middle of the answer",
       "disconnect");
}

HttpResponse AnswerReader::response() {
  HttpResponse response = response_;
  const std::string coding = response.headers.get("Content-Encoding");
  if (coding.empty() || response.body.empty()) return response;
  try {
    response.body = decode_content(response.body, coding, limits_.max_body_bytes, "the answer");
  } catch (const core::Error& error) {
    fail(error.problem());
    response.body.clear();
  }
  return response;
}

std::string decode_content(std::string_view body,
                           const std::string& coding,
                           std::uint64_t max_bytes,
                           const std::string& where) {
  std::vector<std::string> names;
  std::string list = core::lower_ascii(coding) + ",";
  for (std::size_t from = 0, comma = 0; (comma = list.find(',', from)) != std::string::npos;
       from = comma + 1) {
    const std::string_view name = core::trim_blank(
        std::string_view(list).substr(from, comma - from));
    if (!name.empty() && name != "identity") names.emplace_back(name);
  }
  if (names.size() > 2) {
    throw core::Error(core::ErrorKind::kInput, where, "is compressed more than twice");
  }
  std::string decoded(body);
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (*name != "gzip" && *name != "x-gzip" && *name != "deflate") {
      throw core::Error(
          core::ErrorKind::kInput,
          where,
          "has the content coding " + core::in_quotes(*name) + ", only gzip and deflate are read");
    }
    decoded = core::inflate_bounded(decoded, max_bytes, where);
  }
  return decoded;
}

}  // namespace patina::http
