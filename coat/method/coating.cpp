// SPDX-License-Identifier: Apache-2.0
#include "coat/method/coating.h"

namespace patina::coat {

std::function<Reading(const images::Image&)> read_shares(
    const std::shared_ptr<keys::Extractor>& scorer) {
  return [scorer](const images::Image& image) {
    const double score = scorer->score({&image}).front();
    return Reading{1.0 - 2.0 * score, score};
  };
}

}  // namespace patina::coat
