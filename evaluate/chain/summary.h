// SPDX-License-Identifier: Apache-2.0
// Rates over the sets. Entry point: summarise.
#pragma once

#include <string>
#include <vector>

#include "evaluate/chain/row.h"

namespace patina::evaluate {

/// The rates of models without the row's coating, those that were measured.
std::vector<Rates> innocent_rates(const ChainRow& row);

/// Rates over the rows of one method, coating and share.
struct ChainSummary {
  std::string method, coating;
  int share_percent = 100;
  int sets = 0;
  Rates true_positive;   ///< Mean over sets.
  Rates false_positive;  ///< Mean over sets and all kinds of models without this coating.
  Rates worst;           ///< The largest of a row and kind.
  double psnr_db = 0.0, delta_e_mean = 0.0;
};
/// In the order in which method, coating and share first appear.
std::vector<ChainSummary> summarise(const std::vector<ChainRow>& rows);

}  // namespace patina::evaluate
