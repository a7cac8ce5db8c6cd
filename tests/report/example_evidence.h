// SPDX-License-Identifier: Apache-2.0
// Hand-made evidence for the tests: nothing in it was computed by the code under test.
#pragma once

#include <string>

#include "images/pixels/image.h"
#include "report/evidence/evidence.h"

namespace patina::report::test {

/// Shape of an example.
struct Example {
  int suspects = 30;
  int benign = 60;
  stats::Decision decision = stats::Decision::kEvidence;
  std::string name_prefix = "image";  ///< Of the sources.
  bool acquired = false;              ///< The suspect's images came over the network.
};

/// Evidence with plausible numbers: suspect scores around 2, benign scores around 9, radius 3.
Evidence example_evidence(const Example& example = {});

/// 64 hexadecimal digits that differ for every pair of arguments.
std::string example_digest(int role, int index);

/// A small colourful picture, different for every seed.
images::Image example_image(int width_px, int height_px, int seed);

}  // namespace patina::report::test
