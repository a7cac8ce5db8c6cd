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
  mallopt(M_MMAP_MAX, 0);  // large blocks from the heap too, where they can be used again
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_TOP_PAD, kTopPadBytes);
  mallopt(M_ARENA_MAX, 1);  // what one thread frees, another may take
#endif
}

}  // namespace patina::core
