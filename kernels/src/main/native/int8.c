/* Products of int8 rows by int8 matrices. */
#include "kernels.h"

INLINE int32_t sum8i(__m256i v) {
    __m128i a = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    a = _mm_add_epi32(a, _mm_shuffle_epi32(a, 0x4e));
    a = _mm_add_epi32(a, _mm_shuffle_epi32(a, 0xb1));
    return _mm_cvtsi128_si32(a);
}

/* The sign of a product of bytes goes to one factor, so that the other is unsigned and no pair sum overflows. */
INLINE __m256i add_products(__m256i sums, __m256i w, __m256i absolute, __m256i x) {
    __m256i pairs = _mm256_maddubs_epi16(absolute, _mm256_sign_epi8(x, w));
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/* A tile of W outputs, every step-th, by R rows; W and R are constants where this is inlined. */
INLINE void int8_tile(int W, int R, const int8_t *w, const float *ws, int64_t inputs, int64_t step, const int8_t *x,
                      const float *xs, float *y, int64_t outputs) {
    __m256i sums[4][ROWS];
    for (int o = 0; o < W; o++)
        for (int r = 0; r < R; r++) sums[o][r] = _mm256_setzero_si256();
    int64_t i = 0;
    for (; i + 32 <= inputs; i += 32) {
        for (int o = 0; o < W; o++) {
            __m256i v = _mm256_loadu_si256((const __m256i *)(w + o * step * inputs + i));
            __m256i a = _mm256_abs_epi8(v);
            for (int r = 0; r < R; r++)
                sums[o][r] = add_products(sums[o][r], v, a, _mm256_loadu_si256((const __m256i *)(x + r * inputs + i)));
        }
    }
    for (int o = 0; o < W; o++)
        for (int r = 0; r < R; r++) {
            int32_t sum = sum8i(sums[o][r]);
            for (int64_t j = i; j < inputs; j++) sum += w[o * step * inputs + j] * x[r * inputs + j];
            y[r * outputs + o * step] = (float)sum * (xs[r] * ws[o * step]);
        }
}

INLINE void int8_band(int W, const int8_t *w, const float *ws, int64_t inputs, int64_t step, const int8_t *x,
                      const float *xs, int64_t rows, float *y, int64_t outputs) {
    switch (rows) {
        case 1: int8_tile(W, 1, w, ws, inputs, step, x, xs, y, outputs); break;
        case 2: int8_tile(W, 2, w, ws, inputs, step, x, xs, y, outputs); break;
        case 3: int8_tile(W, 3, w, ws, inputs, step, x, xs, y, outputs); break;
        default: int8_tile(W, 4, w, ws, inputs, step, x, xs, y, outputs);
    }
}

/* Outputs [from, to) of rows, four of which stay in the L1 cache while w, from the L2, passes. */
INLINE void int8_block(const int8_t *w, const float *ws, int64_t inputs, int64_t outputs, const int8_t *x,
                       const float *xs, int64_t rows, float *y, int64_t from, int64_t to) {
    for (int64_t r = 0; r < rows; r += ROWS) {
        int64_t n = rows - r < ROWS ? rows - r : ROWS;
        const int8_t *xr = x + r * inputs;
        float *yr = y + r * outputs;
        int64_t o = from;
        for (; o + 2 <= to; o += 2)
            int8_band(2, w + o * inputs, ws + o, inputs, 1, xr, xs + r, n, yr + o, outputs);
        for (; o < to; o++) int8_band(1, w + o * inputs, ws + o, inputs, 1, xr, xs + r, n, yr + o, outputs);
    }
}

/*
 * y = x w': x int8 (n, I) with scales (n), w int8 (O, I) with scales (O), y float32 (n, O). The sums of int8
 * products are exact up to 133,000 inputs. One row reads at APART places at a time.
 */
EXPORT void llm360_int8_rows(const int8_t *w, const float *ws, int64_t inputs, int64_t outputs, const int8_t *x,
                             const float *xs, int64_t rows, float *y, int64_t from, int64_t to) {
    int64_t o = from;
    if (rows == 1) {
        int64_t step = (to - from) / APART;
        for (; o < from + step; o++)
            int8_band(APART, w + o * inputs, ws + o, inputs, step, x, xs, 1, y + o, outputs);
        o = from + APART * step;
    }
    for (; o < to; o += 32)
        int8_block(w, ws, inputs, outputs, x, xs, rows, y, o, o + 32 < to ? o + 32 : to);
}

/*
 * Turns rows [from, to) of int32 sums (n, O) of int8 products into what llm360_int8_rows makes of the same sums: y, in
 * their place, is float32.
 */
EXPORT void llm360_int8_scale(int32_t *sums, int64_t outputs, const float *xs, const float *ws, int64_t from,
                              int64_t to) {
    for (int64_t r = from; r < to; r++) {
        __m256 scale = _mm256_broadcast_ss(xs + r);
        int32_t *row = sums + r * outputs;
        int64_t o = 0;
        for (; o + VECTOR <= outputs; o += VECTOR) {
            __m256 v = _mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)(row + o)));
            v = _mm256_mul_ps(v, _mm256_mul_ps(scale, _mm256_loadu_ps(ws + o)));
            _mm256_storeu_si256((__m256i *)(row + o), _mm256_castps_si256(v));
        }
        for (; o < outputs; o++) {
            union { float value; int32_t bits; } y = {(float)row[o] * (xs[r] * ws[o])};
            row[o] = y.bits;
        }
    }
}
