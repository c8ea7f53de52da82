/*
 * What the kernels have in common: products of a few rows by large matrices, and the steps between them, which
 * decoding is made of. They are as fast as memory is read, if nothing else stands in the way. For x86-64 with AVX2
 * and FMA.
 *
 * Freestanding: no C library, no allocation, no state; every function may run on many threads at once, each
 * on its own range [from, to). A row's sums are taken in one order, whatever the number of rows and however the
 * work is divided, so each row has the bits that it has alone.
 *
 * I inputs, O outputs, n rows. Matrices lie row by row without gaps, at any address.
 */
#ifndef LLM360_KERNELS_H
#define LLM360_KERNELS_H

#include <immintrin.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))
#define VECTOR 8
/* Rows of x at a time that a pass over the matrix serves. */
#define ROWS 4
/*
 * Places of a matrix that one row's product reads at the same time. Four that are 32 kB or more apart are read a
 * sixth faster than four neighbouring rows of 4 kB, and one place alone.
 */
#define APART 4

typedef uint16_t bf16;

INLINE __m256 load8(const bf16 *p) {
    return _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p)), 16));
}

INLINE float load1(bf16 h) {
    union { uint32_t bits; float value; } u = {(uint32_t)h << 16};
    return u.value;
}

INLINE float sum8(__m256 v) {
    __m128 a = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    a = _mm_add_ps(a, _mm_movehl_ps(a, a));
    a = _mm_add_ss(a, _mm_movehdup_ps(a));
    return _mm_cvtss_f32(a);
}

/* Elements are bfloat16 or float32; which, is a constant where these are inlined. */
INLINE __m256 element8(int half, const void *w, int64_t i) {
    return half ? load8((const bf16 *)w + i) : _mm256_loadu_ps((const float *)w + i);
}

INLINE float element1(int half, const void *w, int64_t i) {
    return half ? load1(((const bf16 *)w)[i]) : ((const float *)w)[i];
}

#endif
