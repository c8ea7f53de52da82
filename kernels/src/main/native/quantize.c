/* Rounding of float32 and bfloat16 matrices to int8, with a scale for each row of the result. */
#include "kernels.h"

/*
 * The larger of two magnitudes. As integers, their bits have the numbers' order, and what isn't a number comes after
 * all of them: so it makes the scale that isn't a number either, and with it all products.
 */
INLINE __m256 larger8(__m256 a, __m256 b) {
    return _mm256_castsi256_ps(_mm256_max_epi32(_mm256_castps_si256(a), _mm256_castps_si256(b)));
}

INLINE float larger1(float a, float b) {
    return _mm_cvtss_f32(_mm_castsi128_ps(_mm_max_epi32(_mm_castps_si128(_mm_set_ss(a)), _mm_castps_si128(_mm_set_ss(b)))));
}

INLINE float absolute(float v) { return _mm_cvtss_f32(_mm_andnot_ps(_mm_set_ss(-0.0f), _mm_set_ss(v))); }

INLINE int8_t rounded(float v) { return (int8_t)_mm_cvtss_si32(_mm_set_ss(v)); }

/* What isn't a number becomes 0, as it does alone. */
INLINE void store_rounded(int8_t *q, __m256 v) {
    __m256i i = _mm256_and_si256(_mm256_cvtps_epi32(v), _mm256_set1_epi32(0xff));
    __m128i s = _mm_packus_epi32(_mm256_castsi256_si128(i), _mm256_extracti128_si256(i, 1));
    _mm_storel_epi64((__m128i *)q, _mm_packus_epi16(s, s));
}

/* The smallest number that a scale is made of, so that a row of zeros has one. */
#define LEAST 1e-12f

INLINE void quantize_rows(int half, const void *w, int64_t inputs, int8_t *q, float *scales, int64_t from, int64_t to) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    for (int64_t o = from; o < to; o++) {
        int64_t row = o * inputs, i = 0;
        __m256 largest = _mm256_set1_ps(LEAST);
        for (; i + VECTOR <= inputs; i += VECTOR)
            largest = larger8(largest, _mm256_andnot_ps(sign, element8(half, w, row + i)));
        float all[VECTOR], most = LEAST;
        _mm256_storeu_ps(all, largest);
        for (int k = 0; k < VECTOR; k++) most = larger1(most, all[k]);
        for (; i < inputs; i++) most = larger1(most, absolute(element1(half, w, row + i)));
        float scale = scales[o] = most / 127.0f;
        for (i = 0; i + VECTOR <= inputs; i += VECTOR)
            store_rounded(q + row + i, _mm256_div_ps(element8(half, w, row + i), _mm256_set1_ps(scale)));
        for (; i < inputs; i++) q[row + i] = rounded(element1(half, w, row + i) / scale);
    }
}

/*
 * Rounds rows [from, to) of a matrix (O, I) to int8, nearest, ties to even: q = w / scale, scale = max |w| / 127 of
 * the row; the scale of a row that isn't finite isn't, either. Elements are bfloat16 where half is 1, float32 where it
 * is 0.
 */
EXPORT void llm360_quantize_rows(int32_t half, const void *w, int64_t inputs, int8_t *q, float *scales, int64_t from,
                                 int64_t to) {
    if (half)
        quantize_rows(1, w, inputs, q, scales, from, to);
    else
        quantize_rows(0, w, inputs, q, scales, from, to);
}

/*
 * A matrix (I, O) is read by stretches of WIDE outputs, row after row. Each row is another page, so that much shorter
 * stretches cost more to find than to read. They are rounded by tiles of DEEP inputs, so that each row of the result
 * gets a whole cache line at a time.
 */
#define WIDE 512
#define DEEP 64
/* How many rows before it is needed a stretch is asked for: nearly twice as fast as to leave it to the processor. */
#define ROWS_AHEAD 8

INLINE void ask(int half, const void *w, int64_t from, int64_t elements) {
    int64_t size = half ? 2 : 4;
    for (int64_t k = 0; k < elements * size; k += 64) _mm_prefetch((const char *)w + from * size + k, _MM_HINT_T0);
}

/* The scales of the outputs of a stretch, which begins at start. */
INLINE void column_scales(int half, const void *w, int64_t inputs, int64_t outputs, int64_t start, int64_t wide,
                          float *scales) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    for (int64_t o = 0; o < wide; o++) scales[o] = LEAST;
    for (int64_t i = 0; i < inputs; i++) {
        int64_t row = i * outputs + start, o = 0;
        ask(half, w, row + ROWS_AHEAD * outputs, wide);
        for (; o + VECTOR <= wide; o += VECTOR) {
            __m256 v = _mm256_andnot_ps(sign, element8(half, w, row + o));
            _mm256_storeu_ps(scales + o, larger8(v, _mm256_loadu_ps(scales + o)));
        }
        for (; o < wide; o++) scales[o] = larger1(scales[o], absolute(element1(half, w, row + o)));
    }
    for (int64_t o = 0; o < wide; o++) scales[o] = scales[o] / 127.0f;
}

/* Rounds a row's stretch into a row of a tile. */
INLINE void round_stretch(int half, const void *w, int64_t row, int64_t wide, const float *scales, int8_t *tile) {
    int64_t o = 0;
    for (; o + VECTOR <= wide; o += VECTOR)
        store_rounded(tile + o, _mm256_div_ps(element8(half, w, row + o), _mm256_loadu_ps(scales + o)));
    for (; o < wide; o++) tile[o] = rounded(element1(half, w, row + o) / scales[o]);
}

/* Interleaves the first with the second half of 16 vectors, byte by byte. */
INLINE void interleave(const __m256i *from, __m256i *to) {
    for (int k = 0; k < 8; k++) {
        to[2 * k] = _mm256_unpacklo_epi8(from[k], from[k + 8]);
        to[2 * k + 1] = _mm256_unpackhi_epi8(from[k], from[k + 8]);
    }
}

/* Turns 32 inputs of 16 outputs: rows of WIDE become rows of DEEP. */
INLINE void turn(const int8_t *tile, int8_t *lines) {
    __m256i a[16], b[16];
    for (int k = 0; k < 16; k++)
        a[k] = _mm256_loadu2_m128i((const __m128i *)(tile + (k + 16) * WIDE), (const __m128i *)(tile + k * WIDE));
    interleave(a, b);
    interleave(b, a);
    interleave(a, b);
    interleave(b, a);
    for (int k = 0; k < 16; k++) _mm256_storeu_si256((__m256i *)(lines + k * DEEP), a[k]);
}

/*
 * Puts a tile's first inputs and outputs, which may be fewer than DEEP and WIDE, into the result's rows. What lies
 * behind them is turned, too, but goes nowhere.
 */
INLINE void store_turned(const int8_t *tile, int64_t deep, int64_t wide, int8_t *q, int64_t inputs) {
    int8_t lines[16 * DEEP];
    for (int64_t o = 0; o < wide; o++, q += inputs) {
        if (o % 16 == 0)
            for (int i = 0; i < DEEP; i += 32) turn(tile + i * WIDE + o, lines + i);
        const int8_t *line = lines + o % 16 * DEEP;
        if (deep == DEEP)
            for (int i = 0; i < DEEP; i++) q[i] = line[i];
        else
            for (int64_t i = 0; i < deep; i++) q[i] = line[i];
    }
}

INLINE void quantize_columns(int half, const void *w, int64_t inputs, int64_t outputs, int8_t *q, float *scales,
                             int64_t from, int64_t to) {
    int8_t tile[DEEP * WIDE];
    for (int64_t start = from; start < to; start += WIDE) {
        int64_t wide = to - start < WIDE ? to - start : WIDE;
        column_scales(half, w, inputs, outputs, start, wide, scales + start);
        for (int64_t i = 0; i < inputs; i += DEEP) {
            int64_t deep = inputs - i < DEEP ? inputs - i : DEEP;
            for (int64_t k = 0; k < deep; k++) {
                int64_t row = (i + k) * outputs + start;
                ask(half, w, row + ROWS_AHEAD * outputs, wide);
                /* Meanwhile the result's lines come to the L2 cache; in the L1 they would push each other out. */
                for (int64_t o = k; o < wide; o += DEEP)
                    _mm_prefetch((const char *)q + (start + o) * inputs + i, _MM_HINT_T1);
                round_stretch(half, w, row, wide, scales + start, tile + k * WIDE);
            }
            store_turned(tile, deep, wide, q + start * inputs + i, inputs);
        }
    }
}

/* As llm360_quantize_rows, for columns [from, to) of a matrix (I, O), which are the rows of the result (O, I). */
EXPORT void llm360_quantize_columns(int32_t half, const void *w, int64_t inputs, int64_t outputs, int8_t *q,
                                    float *scales, int64_t from, int64_t to) {
    if (half)
        quantize_columns(1, w, inputs, outputs, q, scales, from, to);
    else
        quantize_columns(0, w, inputs, outputs, q, scales, from, to);
}
