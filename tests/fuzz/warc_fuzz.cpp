// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as a WARC file: a record that is read takes bytes that are there.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "queryers/warc.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace queryers = patina::queryers;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (const auto read = queryers::read_warc_record(rest, 1 << 20)) {
    if (read->bytes == 0 || read->bytes > rest.size()) std::abort();
    queryers::exchange_of(read->record, read->record, {});
    rest.remove_prefix(read->bytes);
  }
  return 0;
}
