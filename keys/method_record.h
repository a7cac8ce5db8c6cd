// SPDX-License-Identifier: Apache-2.0
// What a reader of evidence needs to know of a method of coating, as plain data: the method's row in
// coat/methods.h fills it, the evidence carries it, report prints it.
#pragma once

#include <string>

namespace patina::keys {

struct MethodRecord {
  std::string name;  ///< "frame".
  /// Number of the method's reader. It is raised whenever the same image and key would get another
  /// score, so that numbers of two readers are never compared.
  int reader = 1;
  std::string title;   ///< "frame mark".
  std::string score;   ///< What a score is and how it is computed, in whole sentences.
  std::string inside;  ///< What a score of at most `radius_score` means, in one sentence.
  /// The key's radius in score units: an image is inside if its score is at most this.
  double radius_score = 0.0;
};

}  // namespace patina::keys
