// SPDX-License-Identifier: Apache-2.0
// The published test data of CIEDE2000, fixtures/golden/sharma2005.tsv.
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "extractors/quality/ciede2000.h"

namespace patina::extractors {

struct SharmaPair {
  int number = 0;
  Lab first;
  Lab second;
  double delta_e = 0.0;  ///< Rounded to four digits.
};

inline std::vector<SharmaPair> read_sharma_pairs() {
  std::ifstream file(std::string(PATINA_SOURCE_DIR) + "/fixtures/golden/sharma2005.tsv");
  std::vector<SharmaPair> pairs;
  for (std::string line; std::getline(file, line);) {
    std::istringstream row(line);
    SharmaPair pair;
    row >> pair.number >> pair.first.l >> pair.first.a >> pair.first.b >> pair.second.l >>
        pair.second.a >> pair.second.b >> pair.delta_e;
    if (row) pairs.push_back(pair);  // Comments and the heading hold no numbers.
  }
  return pairs;
}

}  // namespace patina::extractors
