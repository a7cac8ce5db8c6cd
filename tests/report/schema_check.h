// SPDX-License-Identifier: Apache-2.0
// As much of JSON Schema 2020-12 as report/evidence/evidence.schema.json uses; other keywords fail the
// check, so that the schema cannot say what is not checked.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace patina::report::test {

/// What is wrong with the instance, each with its JSON pointer; empty = valid.
std::vector<std::string> schema_violations(const nlohmann::json& schema,
                                           const nlohmann::json& instance);

}  // namespace patina::report::test
