// SPDX-License-Identifier: Apache-2.0
// WARC 1.1 files (ISO 28500:2017), each record its own gzip member: the raw exchanges with a
// suspect, for any WARC reader. Entry points: exchange_records, read_warc_record.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/client.h"

namespace patina::queryers {

struct WarcRecord {
  std::string type;  ///< "response", "request", "metadata", "warcinfo", "revisit", "resource".
  std::string id;    ///< "urn:uuid:...", without its angle brackets.
  std::string date;  ///< RFC 3339, UTC.
  std::vector<std::pair<std::string, std::string>> fields;  ///< All others but Content-Length.
  std::string block;

  std::string field(std::string_view name) const;
};

/// A new random record id.
std::string new_record_id();

/// The record as one gzip member.
std::string to_gzip_member(const WarcRecord& record);

/// A record at the start of `data` and the bytes its member takes; nothing if it is cut short,
/// damaged or decompresses to more than `max_bytes`.
struct WarcRead {
  WarcRecord record;
  std::size_t bytes = 0;
};
std::optional<WarcRead> read_warc_record(std::string_view data, std::uint64_t max_bytes);

/// The response, request and metadata records of an exchange, in this order; without the
/// first where nothing came back, the last alone where nothing was sent. `metadata` is JSON that
/// the collection keeps beside them.
std::vector<WarcRecord> exchange_records(const http::HttpExchange& exchange,
                                         const std::string& metadata,
                                         const std::string& warcinfo_id);

/// The exchange that exchange_records() stored, as far as records hold it: no peer, no failure.
http::HttpExchange exchange_of(const WarcRecord& request,
                               const std::optional<WarcRecord>& response,
                               const http::AnswerLimits& limits);

/// `bytes` bytes from `offset` of a file. Throws Error{kDisk}.
std::string read_part(const std::filesystem::path& path, std::uint64_t offset, std::uint64_t bytes);

}  // namespace patina::queryers
