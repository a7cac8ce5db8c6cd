// SPDX-License-Identifier: Apache-2.0
// An HTTP/1.x answer as a suspect's server sent it: strict framing (RFC 9112), because a message
// that two readers understand differently is no evidence. Knows no socket. Entry point:
// AnswerReader, fed with bytes as they arrive.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patina::http {

/// Header fields in the order received; names compare without regard to case.
class HttpHeaders {
 public:
  void add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  /// Value of the first field of that name; empty if there is none.
  std::string get(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  bool has(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// An answer without its framing.
struct HttpResponse {
  int status = 0;  ///< 100 to 599.
  std::string reason;
  HttpHeaders headers;
  std::string body;  ///< Transfer coding and content coding removed.
};

/// Bounds on what a server may send; beyond them the answer is refused.
struct AnswerLimits {
  std::size_t max_header_bytes = 64 << 10;     ///< Status line and fields.
  std::uint64_t max_body_bytes = 64ULL << 20;  ///< As sent, and again after decompression.
};

/// Why an answer is no answer. `truncated` is the value of WARC-Truncated, empty if it was not cut.
struct AnswerFault {
  std::string reason;     ///< "sends both Content-Length and Transfer-Encoding".
  std::string truncated;  ///< "length", "disconnect" or "".
};

/// Takes the bytes of one answer as they arrive. Interim answers (1xx) are read over. Not for use
/// by several threads at once.
class AnswerReader {
 public:
  /// `head_only`: the request was HEAD, so that no body follows.
  explicit AnswerReader(const AnswerLimits& limits, bool head_only = false);

  /// More bytes; returns true once the answer is complete or faulty. Bytes beyond its end make it
  /// faulty: the server answers what nobody asked.
  bool feed(std::string_view bytes);
  /// The server closed the connection: completes an answer that runs to the end of the connection,
  /// and makes any other one faulty.
  void end_of_stream();

  bool complete() const { return state_ == State::kDone; }
  const std::optional<AnswerFault>& fault() const { return fault_; }
  /// Whether a byte has arrived.
  bool started() const { return !raw_.empty(); }
  /// All bytes as received.
  const std::string& raw() const { return raw_; }
  /// Bytes of `raw` that are interim answers before the final one.
  std::size_t interim_bytes() const { return interim_bytes_; }
  /// The answer. `complete()` must hold. Removes gzip and deflate within the limits; a fault there
  /// is told by fault() afterwards.
  HttpResponse response();
  /// The connection may carry another request.
  bool reusable() const { return reusable_; }

 private:
  enum class State { kHead, kLength, kChunkSize, kChunkData, kChunkEnd, kTrailer, kToEnd, kDone };
  bool step();
  bool read_head();
  bool choose_framing();
  bool choose_length();
  bool read_body_bytes();
  bool read_chunk_size();
  bool read_chunk_end();
  bool read_trailer();
  bool fail(std::string reason, std::string truncated = {});
  bool line_at(std::size_t from, std::size_t limit, std::string_view& line);

  AnswerLimits limits_;
  bool head_only_;
  State state_ = State::kHead;
  std::string raw_;
  std::size_t at_ = 0;  ///< First byte of raw_ not understood yet.
  std::size_t interim_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::uint64_t remaining_ = 0;
  HttpResponse response_;
  bool reusable_ = false;
  bool http_1_0_ = false;
  std::optional<AnswerFault> fault_;
};

/// Removes the content codings named by `coding` ("gzip", "deflate", "identity", in a list). Throws
/// Error{kInput} naming `where` for damaged data, an unknown coding and a result beyond
/// `max_bytes`.
std::string decode_content(std::string_view body,
                           const std::string& coding,
                           std::uint64_t max_bytes,
                           const std::string& where);

}  // namespace patina::http
