// SPDX-License-Identifier: Apache-2.0
#include "core/names.h"

#include "core/error.h"

namespace patina::core {

void fail_without_row() {
  throw Error(ErrorKind::kInternal, "a table of names", "has no row for a value");
}

void refuse_name(std::string_view name,
                 const std::string& where,
                 const std::vector<std::string>& known) {
  std::string all;
  for (const std::string& one : known) all += (all.empty() ? "" : ", ") + one;
  throw Error(ErrorKind::kUsage, where, "is " + in_quotes(name), "give one of " + all);
}

}  // namespace patina::core
