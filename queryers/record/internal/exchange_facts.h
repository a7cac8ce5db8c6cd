// SPDX-License-Identifier: Apache-2.0
// An exchange as a line of the journal, and back from its records.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "http/client.h"
#include "queryers/record/collection.h"

namespace patina::queryers {

/// The journal's line, without its place in the WARC file. The certificate chain is written out
/// where it was not seen before.
nlohmann::json exchange_facts(const http::HttpExchange& exchange,
                              const ExchangeTag& tag,
                              bool with_chain);

/// The exchange that a line and its gzip members hold.
http::HttpExchange exchange_from_records(const std::string& members,
                                         const nlohmann::json& facts,
                                         std::uint64_t max_bytes);

}  // namespace patina::queryers
