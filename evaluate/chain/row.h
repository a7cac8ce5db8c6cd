// SPDX-License-Identifier: Apache-2.0
// What a cell of the chain comes to, and its way into a cell's file and out of it.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "evaluate/cells/cell.h"
#include "evaluate/tables/rates.h"

namespace patina::evaluate {

/// How rates are measured.
struct Sampling {
  int images = 300;         ///< Of a model.
  int suspect_images = 30;  ///< Drawn of them at a time.
  std::int64_t draws = 1;
};

struct ChainRow {
  // What it is about, from the cell's parameters.
  std::string set, method, coating;
  int share_percent = 100;
  Sampling sampling;
  int other_models = 1;  ///< That `false_other` is the mean over.
  int owner_models = 0;  ///< That `false_owners` is the mean over.

  // What came out. All rates are against one reference, a model fully fine-tuned on the uncoated
  // set: an auditor does not know how a suspect was personalised.
  Rates true_positive;   ///< Model of the coated set.
  Rates false_uncoated;  ///< A model of the uncoated set by this method, other seed.
  Rates false_other;     ///< Models of the other sets, uncoated; mean over models.
  Rates false_owners;    ///< Models of the other sets, coated with their owners' keys; mean, or
                         ///< empty where no other set is measured.
  Rates false_base;      ///< The base itself.
  double psnr_db = 0.0, ssim = 0.0, delta_e_mean = 0.0;  ///< Of the coating.
  double frechet = 0.0;  ///< Between generations after coated and uncoated training.
  /// Between those of two uncoated trainings, what chance does; NaN but for full fine-tuning.
  double frechet_reseeded = 0.0;
  double loss_coated = 0.0, loss_uncoated = 0.0;  ///< Last tenth of the steps.
  double auc = 0.5;  ///< P(score after coated training < score after uncoated training).
};

/// The second half of a row, as a cell's file holds it. What is not finite is null.
nlohmann::json result_of(const ChainRow& row);

/// A whole row. Throws Error{kInput} for a record that is not one of the chain's.
ChainRow row_of(const CellRecord& record);

}  // namespace patina::evaluate
