/* What this library and this processor are. */
#include "kernels.h"

/* Raised with each change of a signature below. */
EXPORT int32_t llm360_version(void) { return 5; }

INLINE void cpuid(uint32_t leaf, uint32_t *b, uint32_t *c) {
    uint32_t a = leaf, d, sub = 0;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(*b), "+c"(sub), "=d"(d));
    *c = sub;
}

/* Whether this processor, and the system that runs on it, have AVX2 and FMA. Needs neither itself. */
EXPORT int32_t llm360_supported(void) {
    uint32_t b, c, xcr0, high;
    cpuid(1, &b, &c);
    uint32_t wanted = 1u << 12 | 1u << 27 | 1u << 28; /* FMA, OSXSAVE, AVX */
    if ((c & wanted) != wanted) return 0;
    __asm__ volatile("xgetbv" : "=a"(xcr0), "=d"(high) : "c"(0));
    if ((xcr0 & 6) != 6) return 0; /* the system saves xmm and ymm */
    cpuid(7, &b, &c);
    return (b >> 5 & 1);
}

/* Reads memory into the caches. */
EXPORT void llm360_touch(const char *from, int64_t bytes) {
    for (int64_t i = 0; i < bytes; i += 64) _mm_prefetch(from + i, _MM_HINT_T1);
}
