// SPDX-License-Identifier: Apache-2.0
#include "queryers/record/collection.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <fstream>
#include <mutex>
#include <set>
#include <utility>

#include "core/clock.h"
#include "core/error.h"
#include "core/files.h"
#include "core/growing_file.h"
#include "core/hash.h"
#include "core/journal.h"
#include "core/json.h"
#include "core/run_folder.h"
#include "core/version.h"
#include "http/url.h"
#include "queryers/directory.h"
#include "queryers/record/internal/exchange_facts.h"
#include "queryers/record/warc.h"

namespace patina::queryers {
namespace {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;
using nlohmann::json;

constexpr std::uint64_t kMaxRecordBytes = 512ULL << 20;
constexpr std::uint64_t kMaxTail = 2ULL << 30;

// What a folder of a collection may hold.
const std::set<std::string>& own_names() {
  static const std::set<std::string> kNames = {
      kPlanFile, kJournalFile, kWarcFile, kSummaryFile, kCollectedFolder};
  return kNames;
}

// Nothing is written before the folder is known to be this collection's, or nobody's.
void claim(const fs::path& folder, const json& plan) {
  core::require_only(folder, own_names(), "a collection");
  const fs::path file = folder / kPlanFile;
  std::error_code ignored;
  const bool begun = fs::exists(file, ignored);
  if (begun) {
    const json found = core::parse_json(core::read_text_file(file), file.string());
    core::require_same_run(
        folder, core::identity_of_document(found), core::identity_of_document(plan));
  }
  core::make_folder(folder / kCollectedFolder);
  core::remove_stale_temporaries(folder);
  if (!begun) core::write_file_atomic(file, core::dump_json(plan));
}

// Bytes whose digest the journal holds need no fsync: a file that a power cut leaves empty is
// noticed.
void write_sample(const fs::path& path, const std::vector<std::uint8_t>& bytes) {
  std::error_code failure;
  if (fs::file_size(path, failure) == bytes.size() && !failure) return;
  const fs::path part = path.string() + ".part";
  {
    std::ofstream file(part, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file) {
      fs::remove(part, failure);
      throw Error(ErrorKind::kDisk, path.string(), "cannot be written", "free space");
    }
  }
  fs::rename(part, path, failure);
  if (failure) throw Error(ErrorKind::kDisk, path.string(), "cannot be written", "free space");
}

// Where a group of records lies in the transcript.
struct Place {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

// An exchange that was recorded before an interruption.
struct Recorded {
  json facts;
  Place place;
};

}  // namespace

struct Collection::Impl {
  Impl(fs::path given, const json& plan) : folder(std::move(given)) {
    claim(folder, plan);
    journal = std::make_unique<core::Journal>(folder / kJournalFile,
                                              [this](const json& line) { take(line); });
    recover_tail();
    warc = std::make_unique<core::GrowingFile>(folder / kWarcFile, warc_size);
    begin(plan);
  }

  void take(const json& line);
  void take_exchange(const json& line);
  void count_exchange(const json& line);
  void recover_tail();
  void begin(const json& plan);
  void append(const std::vector<WarcRecord>& records, json line);

  fs::path folder;
  std::unique_ptr<core::Journal> journal;
  std::unique_ptr<core::GrowingFile> warc;
  std::uint64_t warc_size = 0;  ///< Up to the last group that the journal knows.
  std::string warcinfo_id;
  std::string began;
  std::set<std::string> ended;
  /// Answers recorded for items that have not ended.
  std::map<std::string, std::deque<Recorded>> recorded;
  std::map<std::string, std::string> announced;  ///< Moments of requests without an answer.
  std::map<Outcome, std::uint64_t> counts;
  std::set<std::string> known_certificates;
  std::uint64_t requests = 0;
  double clock_offset_s = 0.0;  ///< Offset of the server whose clock differs most.
  mutable std::mutex mutex;
};

void Collection::Impl::count_exchange(const json& line) {
  ++requests;
  const double offset_s = line.value("clock_offset_s", 0.0);
  if (std::abs(offset_s) > std::abs(clock_offset_s)) clock_offset_s = offset_s;
}

void Collection::Impl::take_exchange(const json& line) {
  count_exchange(line);
  const std::string item = line.value("item", std::string());
  if (item.empty() || ended.count(item) > 0) return;
  // A job that was cancelled gives nothing any more: the item is asked anew.
  if (line.value("step", std::string()) == "cancel") {
    recorded.erase(item);
    announced.erase(item);
    return;
  }
  if (line.value("failure", std::string()) == to_string(http::HttpFailure::kStopped)) return;
  if (line.value("step", std::string()) == "submit") announced.erase(item);
  const json warc_place = line.value("warc", json::object());
  recorded[item].push_back({line,
                            {warc_place.value("offset", std::uint64_t{0}),
                             warc_place.value("bytes", std::uint64_t{0})}});
}

void Collection::Impl::take(const json& line) {
  const std::string kind = line.value("kind", std::string());
  const json place = line.value("warc", json());
  if (place.is_object()) {
    warc_size = place.value("offset", std::uint64_t{0}) + place.value("bytes", std::uint64_t{0});
  }
  if (kind == "begin") {
    began = line.value("t", std::string());
    warcinfo_id = line.value("warcinfo", std::string());
  } else if (kind == "exchange") {
    take_exchange(line);
  } else if (kind == "asking") {
    announced[line.value("item", std::string())] = line.value("t", std::string());
  } else if (kind == "forget") {
    recorded.erase(line.value("item", std::string()));
  } else if (kind == "outcome") {
    const std::string item = line.value("item", std::string());
    if (!ended.insert(item).second) return;
    recorded.erase(item);
    const auto outcome = core::outcome_from_name(line.value("outcome", std::string()));
    if (outcome) ++counts[*outcome];
  }
  const std::string leaf = line.value("/peer/certificate_sha256"_json_pointer, std::string());
  if (!leaf.empty()) known_certificates.insert(leaf);
}

// A kill may fall between the writing of an answer and that of its line in the journal: the WARC
// file then holds a whole group more than the journal knows, whose metadata record is that very
// line.
void Collection::Impl::recover_tail() {
  std::error_code failure;
  const fs::path path = folder / kWarcFile;
  const std::uint64_t size = fs::exists(path, failure) ? fs::file_size(path, failure) : 0;
  if (failure || size <= warc_size || size - warc_size > kMaxTail) return;
  const std::string tail = read_part(path, warc_size, size - warc_size);
  std::size_t at = 0;
  std::size_t group = 0;
  while (const auto read = read_warc_record(std::string_view(tail).substr(at), kMaxRecordBytes)) {
    at += read->bytes;
    if (read->record.type != "metadata") continue;
    json line;
    try {
      line = core::parse_json(read->record.block, path.string());
    } catch (const Error&) {
      return;
    }
    line["warc"] = {{"offset", warc_size}, {"bytes", at - group}};
    line["recovered"] = true;
    group = at;
    journal->append(line);
    take(line);
  }
}

void Collection::Impl::begin(const json& plan) {
  if (!warcinfo_id.empty()) {
    journal->append(
        {{"kind", "resume"}, {"t", core::utc_now_ms()}, {"tool_version", core::kVersion}});
    return;
  }
  WarcRecord info;
  info.type = "warcinfo";
  info.id = new_record_id();
  info.date = core::utc_now_ms();
  info.fields = {{"Content-Type", "application/warc-fields"}, {"WARC-Filename", kWarcFile}};
  info.block = std::string("software: Patina/") + core::kVersion +
               "\r\nformat: WARC File Format 1.1\r\n"
               "conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/"
               "warc-1.1/\r\nrobots: classic\r\n"
               "description: digests are SHA-256 in hexadecimal; credentials are replaced by "
               "asterisks\r\n";
  warcinfo_id = info.id;
  began = info.date;
  append({info},
         {{"kind", "begin"},
          {"t", info.date},
          {"tool_version", core::kVersion},
          {"tool_revision", core::kRevision},
          {"plan_sha256", core::to_hex(core::sha256(core::dump_json(plan)))},
          {"warcinfo", info.id}});
}

// Records first, then the line that tells where they are.
void Collection::Impl::append(const std::vector<WarcRecord>& records, json line) {
  std::string members;
  for (const WarcRecord& record : records) members += to_gzip_member(record);
  const std::lock_guard<std::mutex> lock(mutex);
  line["warc"] = {{"offset", warc->append(members)}, {"bytes", members.size()}};
  if (line.value("kind", std::string()) == "exchange") count_exchange(line);
  journal->append(std::move(line));
}

Collection::Collection(const fs::path& folder, const json& plan)
    : impl_(std::make_unique<Impl>(folder, plan)) {}
Collection::~Collection() = default;

bool Collection::ended(const std::string& item) const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  return impl_->ended.count(item) > 0;
}

bool Collection::can_replay(const std::string& item) const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  return impl_->recorded.count(item) > 0;
}

std::optional<http::HttpExchange> Collection::replay(const ExchangeTag& tag,
                                                     const http::HttpRequest& request) {
  Recorded next;
  {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    const auto found = impl_->recorded.find(tag.item);
    if (found == impl_->recorded.end()) return std::nullopt;
    next = found->second.front();
    const auto url = http::parse_url(request.url);
    const bool same = next.facts.value("step", std::string()) == tag.step &&
                      next.facts.value("method", std::string()) == request.method && url &&
                      next.facts.value("url", std::string()) == url->to_string();
    if (!same) {  // the procedure took another way than before: what was recorded stays a record
      impl_->recorded.erase(found);
      return std::nullopt;
    }
    found->second.pop_front();
    if (found->second.empty()) impl_->recorded.erase(found);
  }
  const std::string members = read_part(
      impl_->folder / kWarcFile, next.place.offset, next.place.bytes);
  return exchange_from_records(members, next.facts, kMaxRecordBytes);
}

void Collection::record(const http::HttpExchange& exchange, const ExchangeTag& tag) {
  bool new_certificate = false;
  if (exchange.peer && !exchange.peer->chain.empty()) {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    new_certificate = impl_->known_certificates.insert(exchange.peer->chain.front().sha256).second;
  }
  const json line = exchange_facts(exchange, tag, new_certificate);
  const std::string metadata = line.dump(-1, ' ', false, json::error_handler_t::replace);
  impl_->append(exchange_records(exchange, metadata, impl_->warcinfo_id), line);
}

void Collection::announce(const ExchangeTag& tag) {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  impl_->journal->append({{"kind", "asking"},
                          {"t", core::utc_now_ms()},
                          {"item", tag.item},
                          {"step", tag.step},
                          {"attempt", tag.attempt}});
}

std::optional<std::string> Collection::unanswered_since(const std::string& item) const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  const auto found = impl_->announced.find(item);
  if (found == impl_->announced.end()) return std::nullopt;
  return found->second;
}

CollectedSample Collection::keep(const std::vector<std::uint8_t>& bytes,
                                 const images::ImageHeader& header) {
  CollectedSample sample;
  sample.sha256 = core::to_hex(core::sha256(bytes));
  sample.file = std::string(kCollectedFolder) + "/" + sample.sha256 +
                images::file_extension(header.format);
  sample.format = to_string(header.format);
  sample.width_px = header.width_px;
  sample.height_px = header.height_px;
  sample.bytes = bytes.size();
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  write_sample(impl_->folder / sample.file, bytes);
  return sample;
}

void Collection::end_item(const ItemEnd& end) {
  json line = to_json(end);
  line["kind"] = "outcome";
  line["t"] = core::utc_now_ms();
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  if (!impl_->ended.insert(end.item).second) return;
  impl_->recorded.erase(end.item);
  ++impl_->counts[end.outcome];
  impl_->journal->append(std::move(line));
}

void Collection::forget(const std::string& item, const std::string& reason) {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  impl_->recorded.erase(item);
  impl_->journal->append(
      {{"kind", "forget"}, {"t", core::utc_now_ms()}, {"item", item}, {"reason", reason}});
}

void Collection::note(const std::string& about, const json& facts) {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  impl_->journal->append(
      {{"kind", "note"}, {"t", core::utc_now_ms()}, {"about", about}, {"facts", facts}});
}

void Collection::sync() {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  impl_->warc->sync();
  impl_->journal->sync();
}

void Collection::summarize(const json& facts) {
  sync();
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  json summary = facts;
  summary["format"] = "patina-collection";
  summary["version"] = 1;
  summary["began"] = impl_->began;
  summary["ended"] = core::utc_now_ms();
  summary["requests"] = impl_->requests;
  summary["clock_offset_s"] = impl_->clock_offset_s;
  summary["journal_lines"] = impl_->journal->lines();
  summary["journal_head"] = impl_->journal->head();
  summary["outcomes"] = json::object();
  for (const auto& [outcome, count] : impl_->counts)
    summary["outcomes"][to_string(outcome)] = count;
  const std::string text = summary.dump(2, ' ', false, json::error_handler_t::replace);
  core::write_file_atomic(impl_->folder / kSummaryFile, text + "\n");
}

const fs::path& Collection::folder() const { return impl_->folder; }

std::uint64_t Collection::requests() const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  return impl_->requests;
}

std::uint64_t Collection::count(Outcome outcome) const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  const auto found = impl_->counts.find(outcome);
  return found == impl_->counts.end() ? 0 : found->second;
}

std::uint64_t Collection::ended_items() const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  return impl_->ended.size();
}

std::string Collection::head() const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  return impl_->journal->head();
}

}  // namespace patina::queryers
