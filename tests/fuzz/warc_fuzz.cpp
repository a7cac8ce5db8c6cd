// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as a WARC file, and as what stands in its gzip members: a record that is read
// takes bytes that are there, and is read again as it was written.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/deflate.h"
#include "queryers/record/warc.h"

namespace {

namespace core = patina::core;
namespace queryers = patina::queryers;

constexpr std::uint64_t kMaxBytes = 1 << 20;

void read_again(const queryers::WarcRecord& record) {
  const auto read = queryers::read_warc_record(queryers::to_gzip_member(record), 2 * kMaxBytes);
  if (!read || read->record.type != record.type || read->record.block != record.block) std::abort();
}

void read_all(std::string_view rest) {
  while (const auto read = queryers::read_warc_record(rest, kMaxBytes)) {
    if (read->bytes == 0 || read->bytes > rest.size()) std::abort();
    queryers::exchange_of(read->record, read->record, {});
    read_again(read->record);
    rest.remove_prefix(read->bytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_all(bytes);
  read_all(core::gzip_member({bytes}));
  return 0;
}
