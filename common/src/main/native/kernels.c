/*
 * Products of a few rows by a large matrix, and the attention of a new position: what decoding is made of. They
 * are as fast as memory is read, if nothing else stands in the way. For x86-64 with AVX2 and FMA.
 *
 * Freestanding: no C library, no allocation, no state; every function may run on many threads at once, each
 * on its own range [from, to) of outputs. A row's sums are taken in one order, whatever the number of rows
 * and however outputs are divided, so each row has the bits that it has alone.
 *
 * I inputs, O outputs, n rows. Matrices lie row by row without gaps, at any address.
 */
#include <immintrin.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))
#define VECTOR 8
/* Rows of x at a time that a pass over the matrix serves. */
#define ROWS 4

typedef uint16_t bf16;

/* Raised with each change of a signature below. */
EXPORT int32_t llm360_version(void) { return 1; }

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

INLINE int32_t sum8i(__m256i v) {
    __m128i a = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    a = _mm_add_epi32(a, _mm_shuffle_epi32(a, 0x4e));
    a = _mm_add_epi32(a, _mm_shuffle_epi32(a, 0xb1));
    return _mm_cvtsi128_si32(a);
}

/* A tile of W outputs by R rows; both are constants where this is inlined. */
INLINE void bf16_tile(int W, int R, const bf16 *w, int64_t inputs, const float *x, float *y, int64_t outputs) {
    __m256 sums[4][ROWS];
    for (int o = 0; o < W; o++)
        for (int r = 0; r < R; r++) sums[o][r] = _mm256_setzero_ps();
    int64_t i = 0;
    for (; i + VECTOR <= inputs; i += VECTOR) {
        for (int o = 0; o < W; o++) {
            __m256 v = load8(w + o * inputs + i);
            for (int r = 0; r < R; r++)
                sums[o][r] = _mm256_fmadd_ps(v, _mm256_loadu_ps(x + r * inputs + i), sums[o][r]);
        }
    }
    for (int o = 0; o < W; o++)
        for (int r = 0; r < R; r++) {
            float sum = sum8(sums[o][r]);
            for (int64_t j = i; j < inputs; j++) sum = __builtin_fmaf(load1(w[o * inputs + j]), x[r * inputs + j], sum);
            y[r * outputs + o] = sum;
        }
}

INLINE void bf16_band(int W, const bf16 *w, int64_t inputs, const float *x, int64_t rows, float *y, int64_t outputs) {
    switch (rows) {
        case 1: bf16_tile(W, 1, w, inputs, x, y, outputs); break;
        case 2: bf16_tile(W, 2, w, inputs, x, y, outputs); break;
        case 3: bf16_tile(W, 3, w, inputs, x, y, outputs); break;
        default: bf16_tile(W, 4, w, inputs, x, y, outputs);
    }
}

/* y = x w': x float32 (n, I), w bfloat16 (O, I), y float32 (n, O). */
EXPORT void llm360_bf16_rows(const bf16 *w, int64_t inputs, int64_t outputs, const float *x, int64_t rows, float *y,
                             int64_t from, int64_t to) {
    for (int64_t r = 0; r < rows; r += ROWS) {
        int64_t n = rows - r < ROWS ? rows - r : ROWS;
        const float *xs = x + r * inputs;
        float *ys = y + r * outputs;
        int64_t o = from;
        if (n == 1)
            for (; o + 4 <= to; o += 4) bf16_band(4, w + o * inputs, inputs, xs, 1, ys + o, outputs);
        for (; o + 2 <= to; o += 2) bf16_band(2, w + o * inputs, inputs, xs, n, ys + o, outputs);
        for (; o < to; o++) bf16_band(1, w + o * inputs, inputs, xs, n, ys + o, outputs);
    }
}

/* Adds K of the matrix's rows, each times its input, to the sums of R rows. */
INLINE void bf16_add(int K, int R, const bf16 *w, int64_t outputs, const float *x, int64_t inputs, float *y,
                     int64_t from, int64_t to) {
    int64_t o = from;
    for (; o + VECTOR <= to; o += VECTOR) {
        __m256 sums[ROWS];
        for (int r = 0; r < R; r++) sums[r] = _mm256_loadu_ps(y + r * outputs + o);
        for (int k = 0; k < K; k++) {
            __m256 v = load8(w + k * outputs + o);
            for (int r = 0; r < R; r++)
                sums[r] = _mm256_fmadd_ps(v, _mm256_broadcast_ss(x + r * inputs + k), sums[r]);
        }
        for (int r = 0; r < R; r++) _mm256_storeu_ps(y + r * outputs + o, sums[r]);
    }
    for (; o < to; o++)
        for (int r = 0; r < R; r++) {
            float sum = y[r * outputs + o];
            for (int k = 0; k < K; k++) sum = __builtin_fmaf(load1(w[k * outputs + o]), x[r * inputs + k], sum);
            y[r * outputs + o] = sum;
        }
}

INLINE void bf16_panel(int R, const bf16 *w, int64_t inputs, int64_t outputs, const float *x, float *y, int64_t from,
                       int64_t to) {
    for (int r = 0; r < R; r++)
        for (int64_t o = from; o < to; o++) y[r * outputs + o] = 0;
    int64_t i = 0;
    for (; i + 8 <= inputs; i += 8) bf16_add(8, R, w + i * outputs, outputs, x + i, inputs, y, from, to);
    for (; i < inputs; i++) bf16_add(1, R, w + i * outputs, outputs, x + i, inputs, y, from, to);
}

/* y = x w: x float32 (n, I), w bfloat16 (I, O), y float32 (n, O). The sums of a panel of outputs stay in the L1 cache. */
EXPORT void llm360_bf16_columns(const bf16 *w, int64_t inputs, int64_t outputs, const float *x, int64_t rows,
                                float *y, int64_t from, int64_t to) {
    for (int64_t r = 0; r < rows; r += ROWS) {
        int64_t n = rows - r < ROWS ? rows - r : ROWS;
        int64_t panel = 6144 / n / 32 * 32;
        for (int64_t start = from; start < to; start += panel) {
            int64_t end = start + panel < to ? start + panel : to;
            const float *xs = x + r * inputs;
            float *ys = y + r * outputs;
            switch (n) {
                case 1: bf16_panel(1, w, inputs, outputs, xs, ys, start, end); break;
                case 2: bf16_panel(2, w, inputs, outputs, xs, ys, start, end); break;
                case 3: bf16_panel(3, w, inputs, outputs, xs, ys, start, end); break;
                default: bf16_panel(4, w, inputs, outputs, xs, ys, start, end);
            }
        }
    }
}

INLINE float absolute(float v) { return v < 0 ? -v : v; }

/* A matrix to be rounded has float32 or bfloat16 elements; which, is a constant where these are inlined. */
INLINE __m256 element8(int half, const void *w, int64_t i) {
    return half ? load8((const bf16 *)w + i) : _mm256_loadu_ps((const float *)w + i);
}

INLINE float element1(int half, const void *w, int64_t i) {
    return half ? load1(((const bf16 *)w)[i]) : ((const float *)w)[i];
}

INLINE int8_t rounded(float v) { return (int8_t)_mm_cvtss_si32(_mm_set_ss(v)); }

INLINE void store_rounded(int8_t *q, __m256 v) {
    __m256i i = _mm256_cvtps_epi32(v);
    __m128i s = _mm_packs_epi32(_mm256_castsi256_si128(i), _mm256_extracti128_si256(i, 1));
    _mm_storel_epi64((__m128i *)q, _mm_packs_epi16(s, s));
}

/* The smallest number that a scale is made of, so that a row of zeros has one. */
#define LEAST 1e-12f

INLINE void quantize_rows(int half, const void *w, int64_t inputs, int8_t *q, float *scales, int64_t from, int64_t to) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    for (int64_t o = from; o < to; o++) {
        int64_t row = o * inputs, i = 0;
        __m256 largest = _mm256_set1_ps(LEAST);
        for (; i + VECTOR <= inputs; i += VECTOR)
            largest = _mm256_max_ps(largest, _mm256_andnot_ps(sign, element8(half, w, row + i)));
        __m128 h = _mm_max_ps(_mm256_castps256_ps128(largest), _mm256_extractf128_ps(largest, 1));
        h = _mm_max_ps(h, _mm_movehl_ps(h, h));
        h = _mm_max_ss(h, _mm_movehdup_ps(h));
        float most = _mm_cvtss_f32(h);
        for (; i < inputs; i++) {
            float v = absolute(element1(half, w, row + i));
            most = v > most ? v : most;
        }
        float scale = scales[o] = most / 127.0f;
        for (i = 0; i + VECTOR <= inputs; i += VECTOR)
            store_rounded(q + row + i, _mm256_div_ps(element8(half, w, row + i), _mm256_set1_ps(scale)));
        for (; i < inputs; i++) q[row + i] = rounded(element1(half, w, row + i) / scale);
    }
}

/*
 * Rounds rows [from, to) of a matrix (O, I) to int8, nearest, ties to even: q = w / scale, scale = max |w| / 127 of
 * the row. Elements are bfloat16 where half is 1, float32 where it is 0.
 */
EXPORT void llm360_quantize_rows(int32_t half, const void *w, int64_t inputs, int8_t *q, float *scales, int64_t from,
                                 int64_t to) {
    if (half)
        quantize_rows(1, w, inputs, q, scales, from, to);
    else
        quantize_rows(0, w, inputs, q, scales, from, to);
}

INLINE void quantize_columns(int half, const void *w, int64_t inputs, int64_t outputs, int8_t *q, float *scales,
                             int64_t from, int64_t to) {
    for (int64_t start = from; start < to; start += 32) {
        int64_t end = start + 32 < to ? start + 32 : to;
        for (int64_t o = start; o < end; o++) scales[o] = LEAST;
        for (int64_t i = 0; i < inputs; i++)
            for (int64_t o = start; o < end; o++) {
                float v = absolute(element1(half, w, i * outputs + o));
                scales[o] = v > scales[o] ? v : scales[o];
            }
        for (int64_t o = start; o < end; o++) scales[o] = scales[o] / 127.0f;
        for (int64_t i = 0; i < inputs; i++)
            for (int64_t o = start; o < end; o++)
                q[o * inputs + i] = rounded(element1(half, w, i * outputs + o) / scales[o]);
    }
}

/* The same for columns [from, to) of a matrix (I, O), which are the rows of the result (O, I). */
EXPORT void llm360_quantize_columns(int32_t half, const void *w, int64_t inputs, int64_t outputs, int8_t *q,
                                    float *scales, int64_t from, int64_t to) {
    if (half)
        quantize_columns(1, w, inputs, outputs, q, scales, from, to);
    else
        quantize_columns(0, w, inputs, outputs, q, scales, from, to);
}

/* The sign of a product of bytes goes to one factor, so that the other is unsigned and no pair sum overflows. */
INLINE __m256i add_products(__m256i sums, __m256i w, __m256i absolute, __m256i x) {
    __m256i pairs = _mm256_maddubs_epi16(absolute, _mm256_sign_epi8(x, w));
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

INLINE void int8_tile(int W, int R, const int8_t *w, const float *ws, int64_t inputs, const int8_t *x,
                      const float *xs, float *y, int64_t outputs) {
    __m256i sums[4][ROWS];
    for (int o = 0; o < W; o++)
        for (int r = 0; r < R; r++) sums[o][r] = _mm256_setzero_si256();
    int64_t i = 0;
    for (; i + 32 <= inputs; i += 32) {
        for (int o = 0; o < W; o++) {
            __m256i v = _mm256_loadu_si256((const __m256i *)(w + o * inputs + i));
            __m256i a = _mm256_abs_epi8(v);
            for (int r = 0; r < R; r++)
                sums[o][r] = add_products(sums[o][r], v, a, _mm256_loadu_si256((const __m256i *)(x + r * inputs + i)));
        }
    }
    for (int o = 0; o < W; o++)
        for (int r = 0; r < R; r++) {
            int32_t sum = sum8i(sums[o][r]);
            for (int64_t j = i; j < inputs; j++) sum += w[o * inputs + j] * x[r * inputs + j];
            y[r * outputs + o] = (float)sum * (xs[r] * ws[o]);
        }
}

INLINE void int8_band(int W, const int8_t *w, const float *ws, int64_t inputs, const int8_t *x, const float *xs,
                      int64_t rows, float *y, int64_t outputs) {
    switch (rows) {
        case 1: int8_tile(W, 1, w, ws, inputs, x, xs, y, outputs); break;
        case 2: int8_tile(W, 2, w, ws, inputs, x, xs, y, outputs); break;
        case 3: int8_tile(W, 3, w, ws, inputs, x, xs, y, outputs); break;
        default: int8_tile(W, 4, w, ws, inputs, x, xs, y, outputs);
    }
}

/*
 * y = x w': x int8 (n, I) with scales (n), w int8 (O, I) with scales (O), y float32 (n, O). The sums of int8
 * products are exact up to 133,000 inputs. Four rows of x stay in the L1 cache while 32 of w, from the L2, pass.
 */
EXPORT void llm360_int8_rows(const int8_t *w, const float *ws, int64_t inputs, int64_t outputs, const int8_t *x,
                             const float *xs, int64_t rows, float *y, int64_t from, int64_t to) {
    for (int64_t block = from; block < to; block += 32) {
        int64_t end = block + 32 < to ? block + 32 : to;
        for (int64_t r = 0; r < rows; r += ROWS) {
            int64_t n = rows - r < ROWS ? rows - r : ROWS;
            const int8_t *xr = x + r * inputs;
            float *yr = y + r * outputs;
            int64_t o = block;
            if (n == 1)
                for (; o + 4 <= end; o += 4)
                    int8_band(4, w + o * inputs, ws + o, inputs, xr, xs + r, 1, yr + o, outputs);
            for (; o + 2 <= end; o += 2)
                int8_band(2, w + o * inputs, ws + o, inputs, xr, xs + r, n, yr + o, outputs);
            for (; o < end; o++)
                int8_band(1, w + o * inputs, ws + o, inputs, xr, xs + r, n, yr + o, outputs);
        }
    }
}

/* e^x for x <= 0, to about 1e-7 of itself; 0 below -87. */
INLINE __m256 exponential(__m256 x) {
    __m256 clamped = _mm256_max_ps(x, _mm256_set1_ps(-87.0f));
    __m256 n = _mm256_round_ps(_mm256_mul_ps(clamped, _mm256_set1_ps(1.44269504f)),
                               _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    /* ln 2 in two parts, the first of which n times is exact. */
    __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), clamped);
    r = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4f), r);
    /* The Taylor series to the seventh power: |r| <= 0.3466, so the rest is below 6e-9. */
    __m256 p = _mm256_set1_ps(1.0f / 5040);
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 720));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 120));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 24));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 6));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(0.5f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f));
    __m256i power = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
    __m256 y = _mm256_mul_ps(p, _mm256_castsi256_ps(power));
    return _mm256_and_ps(y, _mm256_cmp_ps(x, _mm256_set1_ps(-87.0f), _CMP_GE_OQ));
}

#define SCORES 64
#define LARGEST_HEAD 256

/* One query's attention, softmax(scale q k') v, by 64 positions at a time; D is a multiple of 8. */
INLINE void attend_head(int half, const float *q, const void *keys, const void *values, int64_t size,
                        int64_t positions, float scale, float *out) {
    float scores[SCORES];
    float sums[LARGEST_HEAD];
    float highest = -3.4e38f, total = 0;
    for (int64_t d = 0; d < size; d++) sums[d] = 0;
    for (int64_t start = 0; start < positions; start += SCORES) {
        int64_t n = positions - start < SCORES ? positions - start : SCORES;
        float most = highest;
        for (int64_t s = 0; s < n; s++) {
            __m256 dot = _mm256_setzero_ps();
            for (int64_t d = 0; d < size; d += VECTOR)
                dot = _mm256_fmadd_ps(_mm256_loadu_ps(q + d), element8(half, keys, (start + s) * size + d), dot);
            scores[s] = sum8(dot) * scale;
            most = scores[s] > most ? scores[s] : most;
        }
        for (int64_t s = n; s < SCORES; s++) scores[s] = -3.4e38f;
        __m256 before = exponential(_mm256_set1_ps(highest - most));
        __m256 weights = _mm256_setzero_ps();
        for (int64_t s = 0; s < SCORES; s += VECTOR) {
            __m256 e = exponential(_mm256_sub_ps(_mm256_loadu_ps(scores + s), _mm256_set1_ps(most)));
            _mm256_storeu_ps(scores + s, e);
            weights = _mm256_add_ps(weights, e);
        }
        total = total * _mm256_cvtss_f32(before) + sum8(weights);
        highest = most;
        for (int64_t d = 0; d < size; d += VECTOR) {
            __m256 sum = _mm256_mul_ps(_mm256_loadu_ps(sums + d), before);
            for (int64_t s = 0; s < n; s++)
                sum = _mm256_fmadd_ps(_mm256_broadcast_ss(scores + s), element8(half, values, (start + s) * size + d), sum);
            _mm256_storeu_ps(sums + d, sum);
        }
    }
    for (int64_t d = 0; d < size; d++) out[d] = sums[d] / total;
}

/*
 * The attention of one new position of each head [from, to) of a row: q and out float32 (H, D); keys and values
 * (K, capacity, D), bfloat16 where half is 1 and float32 where it is 0, of which the first positions count. D is
 * a multiple of 8, 256 at most; H is a multiple of K.
 */
EXPORT void llm360_attend(int32_t half, const float *q, const void *keys, const void *values, int64_t group,
                          int64_t size, int64_t capacity, int64_t positions, float scale, float *out, int64_t from,
                          int64_t to) {
    for (int64_t h = from; h < to; h++) {
        int64_t offset = h / group * capacity * size;
        if (half)
            attend_head(1, q + h * size, (const bf16 *)keys + offset, (const bf16 *)values + offset, size, positions,
                        scale, out + h * size);
        else
            attend_head(0, q + h * size, (const float *)keys + offset, (const float *)values + offset, size,
                        positions, scale, out + h * size);
    }
}

/* Reads memory into the caches. */
EXPORT void llm360_touch(const char *from, int64_t bytes) {
    for (int64_t i = 0; i < bytes; i += 64) _mm_prefetch(from + i, _MM_HINT_T1);
}
