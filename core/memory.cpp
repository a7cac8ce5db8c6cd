// SPDX-License-Identifier: Apache-2.0
#include "core/memory.h"

#include <cstdlib>
#include <limits>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace patina::core {

void keep_freed_memory() {
#if defined(__GLIBC__)
  constexpr int kTopPadBytes = 64 << 20;
  mallopt(M_MMAP_MAX, 0);  // NOLINT(concurrency-mt-unsafe): before threads
  mallopt(M_TRIM_THRESHOLD,
          std::numeric_limits<int>::max());  // NOLINT(concurrency-mt-unsafe): before threads
  mallopt(M_TOP_PAD, kTopPadBytes);          // NOLINT(concurrency-mt-unsafe): before threads
  mallopt(M_ARENA_MAX, 1);                   // NOLINT(concurrency-mt-unsafe): before threads
#endif
}

}  // namespace patina::core
