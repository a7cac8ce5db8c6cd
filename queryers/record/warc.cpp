// SPDX-License-Identifier: Apache-2.0
#include "queryers/record/warc.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <unistd.h>

#include "core/deflate.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/text.h"

namespace patina::queryers {
namespace {

using core::Error;
using core::ErrorKind;

constexpr const char* kVersion = "WARC/1.1\r\n";
constexpr std::size_t kMaxFieldBytes = 64 << 10;

std::string digest(std::string_view bytes) { return "sha256:" + core::to_hex(core::sha256(bytes)); }

// Where the body of a raw HTTP message starts.
std::size_t body_start(std::string_view message) {
  const std::size_t end = message.find("\r\n\r\n");
  return end == std::string_view::npos ? message.size() : end + 4;
}

std::string header_text(const WarcRecord& record) {
  std::string text = kVersion;
  const auto add = [&text](const std::string& name, const std::string& value) {
    text += name + ": " + value + "\r\n";
  };
  add("WARC-Type", record.type);
  add("WARC-Record-ID", "<" + record.id + ">");
  add("WARC-Date", record.date);
  for (const auto& [name, value] : record.fields) add(name, value);
  add("WARC-Block-Digest", digest(record.block));
  add("Content-Length", std::to_string(record.block.size()));
  return text + "\r\n";
}

bool parse_fields(std::string_view head, WarcRecord& record, std::uint64_t& length) {
  if (head.substr(0, std::strlen(kVersion)) != kVersion) return false;
  bool has_length = false;
  std::size_t from = std::strlen(kVersion);
  while (from < head.size()) {
    const std::size_t end = head.find("\r\n", from);
    if (end == std::string_view::npos) return false;
    const std::string_view line = head.substr(from, end - from);
    from = end + 2;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    const std::string name(line.substr(0, colon));
    const std::string value(core::trim_blank(line.substr(colon + 1)));
    if (name == "Content-Length") {
      const auto [rest, failure] = std::from_chars(
          value.data(), value.data() + value.size(), length);
      has_length = failure == std::errc() && rest == value.data() + value.size();
    } else if (name == "WARC-Type") {
      record.type = value;
    } else if (name == "WARC-Date") {
      record.date = value;
    } else if (name == "WARC-Record-ID" && value.size() > 2) {
      record.id = value.substr(1, value.size() - 2);
    } else {
      record.fields.emplace_back(name, value);
    }
  }
  return has_length && !record.type.empty();
}

std::optional<WarcRecord> parse_record(const std::string& content) {
  const std::size_t end = content.find("\r\n\r\n");
  if (end == std::string::npos || end > kMaxFieldBytes) return std::nullopt;
  WarcRecord record;
  std::uint64_t length = 0;
  if (!parse_fields(std::string_view(content).substr(0, end + 2), record, length)) {
    return std::nullopt;
  }
  const std::size_t start = end + 4;
  if (content.size() < start + 4 || length != content.size() - start - 4) return std::nullopt;
  if (content.compare(content.size() - 4, 4, "\r\n\r\n") != 0) return std::nullopt;
  record.block = content.substr(start, static_cast<std::size_t>(length));
  return record;
}

WarcRecord response_record(const http::HttpExchange& exchange) {
  WarcRecord record;
  record.type = "response";
  record.id = new_record_id();
  record.date = exchange.began;
  record.block = exchange.raw_response;
  record.fields = {{"WARC-Target-URI", exchange.url},
                   {"Content-Type", "application/http;msgtype=response"}};
  if (exchange.peer) record.fields.emplace_back("WARC-IP-Address", exchange.peer->address);
  if (!exchange.truncated.empty()) record.fields.emplace_back("WARC-Truncated", exchange.truncated);
  // Readers differ on whether the payload of a chunked message is chunked, so it has no digest
  // here; the journal holds the digest of what was in it.
  if (exchange.ok() && !exchange.response.headers.has("Transfer-Encoding")) {
    record.fields.emplace_back(
        "WARC-Payload-Digest",
        digest(std::string_view(record.block).substr(body_start(record.block))));
  }
  return record;
}

}  // namespace

std::string WarcRecord::field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return {};
}

std::string new_record_id() {
  std::vector<std::uint8_t> bytes = core::random_bytes(16);
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | 0x40);  // version 4, RFC 9562
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
  std::string text = core::to_hex(bytes.data(), bytes.size());
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, "-");
  return "urn:uuid:" + text;
}

std::string to_gzip_member(const WarcRecord& record) {
  return core::gzip_member({header_text(record), record.block, "\r\n\r\n"});
}

std::optional<WarcRead> read_warc_record(std::string_view data, std::uint64_t max_bytes) {
  const core::GzipMember member = core::read_gzip_member(data, max_bytes);
  if (member.bytes == 0) return std::nullopt;
  auto record = parse_record(member.content);
  if (!record) return std::nullopt;
  return WarcRead{std::move(*record), member.bytes};
}

std::vector<WarcRecord> exchange_records(const http::HttpExchange& exchange,
                                         const std::string& metadata,
                                         const std::string& warcinfo_id) {
  std::vector<WarcRecord> records;
  WarcRecord request;
  request.type = "request";
  request.id = new_record_id();
  request.date = exchange.began;
  request.block = exchange.raw_request;
  request.fields = {{"WARC-Target-URI", exchange.url},
                    {"Content-Type", "application/http;msgtype=request"}};
  if (!exchange.raw_response.empty()) {
    records.push_back(response_record(exchange));
    request.fields.emplace_back("WARC-Concurrent-To", "<" + records.front().id + ">");
  }
  WarcRecord facts;
  facts.type = "metadata";
  facts.id = new_record_id();
  facts.date = exchange.began;
  facts.block = metadata;
  facts.fields = {{"WARC-Target-URI", exchange.url}, {"Content-Type", "application/json"}};
  if (!request.block.empty()) records.push_back(std::move(request));
  if (!records.empty()) {
    facts.fields.emplace_back("WARC-Refers-To", "<" + records.front().id + ">");
  }
  records.push_back(std::move(facts));
  for (WarcRecord& record : records) {
    record.fields.emplace_back("WARC-Warcinfo-ID", "<" + warcinfo_id + ">");
  }
  return records;
}

http::HttpExchange exchange_of(const WarcRecord& request,
                               const std::optional<WarcRecord>& response,
                               const http::AnswerLimits& limits) {
  http::HttpExchange exchange;
  exchange.url = request.field("WARC-Target-URI");
  exchange.method = request.block.substr(0, request.block.find(' '));
  exchange.raw_request = request.block;
  exchange.began = request.date;
  exchange.ended = request.date;
  if (!response) {
    exchange.failure = http::HttpFailure::kNoAnswer;
    exchange.problem = "nothing came back";
    return exchange;
  }
  exchange.raw_response = response->block;
  http::AnswerReader reader(limits, exchange.method == "HEAD");
  reader.feed(response->block);
  reader.end_of_stream();
  if (reader.complete() && !reader.fault()) exchange.response = reader.response();
  if (reader.fault()) {
    exchange.failure = http::HttpFailure::kMalformed;
    exchange.problem = "the answer " + reader.fault()->reason;
  }
  return exchange;
}

std::string read_part(const std::filesystem::path& path,
                      std::uint64_t offset,
                      std::uint64_t bytes) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  std::string part(static_cast<std::size_t>(bytes), '\0');
  file.read(part.data(), static_cast<std::streamsize>(bytes));
  if (!file)
    throw Error(ErrorKind::kDisk, path.string(), "cannot be read where a record should be");
  return part;
}

}  // namespace patina::queryers
