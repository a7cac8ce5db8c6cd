// SPDX-License-Identifier: Apache-2.0
#include "core/names.h"

#include "core/error.h"
#include "core/text.h"

namespace patina::core {

void fail_without_row() {
  throw Error(ErrorKind::kInternal, "a table of names", "has no row for a value");
}

void refuse_name(std::string_view name,
                 const std::string& where,
                 const std::vector<std::string>& known) {
  throw Error(ErrorKind::kUsage, where, "is " + in_quotes(name), "give one of " + join(known));
}

}  // namespace patina::core
