// SPDX-License-Identifier: Apache-2.0
#include "keys/extractor.h"

#include "keys/coat_key.h"

namespace patina::keys {

ExtractorInfo describe_extractor(const CoatKey& key,
                                 const MethodRecord& method,
                                 const std::string& precision) {
  return {method, precision, extractor_sha256(key), key.radius};
}

}  // namespace patina::keys
