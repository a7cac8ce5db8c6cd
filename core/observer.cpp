// SPDX-License-Identifier: Apache-2.0
#include "core/observer.h"

#include "core/error.h"

namespace patina::core {

void Observer::say(const std::string& sentence) const {
  if (log) {
    log(sentence);
  }
}

void Observer::report(const Progress& progress_now) const {
  if (!progress || progress(progress_now)) {
    return;
  }
  std::string what = "interrupted after " + std::to_string(progress_now.done);
  if (progress_now.total > 0) {
    what += " of " + std::to_string(progress_now.total);
  }
  throw Error(ErrorKind::kCancelled, progress_now.stage, what);
}

}  // namespace patina::core
