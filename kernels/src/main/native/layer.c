/* The steps of a layer between its products, for one position after the other. */
#include "kernels.h"

/* The sum of f of 8 elements at a time and of f of the rest one by one, f being square or identity of x - shift. */
INLINE float sum_of(int squares, const float *x, float shift, int64_t size) {
    __m256 sums[4], subtracted = _mm256_set1_ps(shift);
    for (int k = 0; k < 4; k++) sums[k] = _mm256_setzero_ps();
    int64_t i = 0;
    for (; i + 4 * VECTOR <= size; i += 4 * VECTOR)
        for (int k = 0; k < 4; k++) {
            __m256 v = _mm256_sub_ps(_mm256_loadu_ps(x + i + k * VECTOR), subtracted);
            sums[k] = squares ? _mm256_fmadd_ps(v, v, sums[k]) : _mm256_add_ps(v, sums[k]);
        }
    float sum = sum8(_mm256_add_ps(_mm256_add_ps(sums[0], sums[1]), _mm256_add_ps(sums[2], sums[3])));
    for (; i < size; i++) {
        float v = x[i] - shift;
        sum += squares ? v * v : v;
    }
    return sum;
}

/*
 * Rows [from, to) of RMSNorm, y = gain x / sqrt(mean(x^2) + eps), or where centred is 1 of LayerNorm,
 * y = gain (x - mean(x)) / sqrt(variance(x) + eps) + bias. bias may be null.
 */
EXPORT void llm360_norm(int32_t centred, const float *x, int64_t size, const float *gain, const float *bias, float eps,
                        float *y, int64_t from, int64_t to) {
    for (int64_t r = from; r < to; r++) {
        const float *row = x + r * size;
        float mean = centred ? sum_of(0, row, 0, size) / (float)size : 0;
        float spread = sum_of(1, row, mean, size) / (float)size + eps;
        float factor = 1 / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(spread)));
        for (int64_t i = 0; i < size; i++) {
            float v = gain[i] * ((row[i] - mean) * factor);
            y[r * size + i] = bias ? v + bias[i] : v;
        }
    }
}

/* Adds one row to each of rows [from, to). */
EXPORT void llm360_add_bias(float *x, int64_t size, const float *bias, int64_t from, int64_t to) {
    for (int64_t r = from; r < to; r++)
        for (int64_t i = 0; i < size; i++) x[r * size + i] += bias[i];
}

/* x += y, rows [from, to). */
EXPORT void llm360_add(float *x, const float *y, int64_t size, int64_t from, int64_t to) {
    for (int64_t i = from * size; i < to * size; i++) x[i] += y[i];
}

/*
 * Turns H heads of D dimensions by a position's angles, whose cosines and sines are given for the first R of them.
 * Where pairs is 1 dimension 2i turns with 2i + 1, else i with i + R/2.
 */
EXPORT void llm360_rotate(int32_t pairs, float *x, int64_t heads, int64_t size, int64_t rotary, const float *cosines,
                          const float *sines) {
    int64_t apart = pairs ? 1 : rotary / 2, step = pairs ? 2 : 1;
    for (int64_t h = 0; h < heads; h++, x += size)
        for (int64_t k = 0; k < rotary / 2; k++) {
            int64_t i = k * step, j = i + apart;
            float a = x[i], b = x[j];
            x[i] = a * cosines[i] - b * sines[i];
            x[j] = b * cosines[j] + a * sines[j];
        }
}

/* To nearest, ties to even; not a number stays one. */
INLINE bf16 narrowed(float v) {
    union { float value; uint32_t bits; } u = {v};
    if (v != v) return (bf16)(u.bits >> 16 | 0x40);
    return (bf16)((u.bits + 0x7fff + (u.bits >> 16 & 1)) >> 16);
}

/* Puts a position's keys or values, float32 (K, D), into a cache's row (K, capacity, D). */
EXPORT void llm360_store(int32_t half, const float *x, int64_t heads, int64_t size, int64_t capacity, int64_t position,
                         void *cache) {
    for (int64_t h = 0; h < heads; h++) {
        int64_t to = (h * capacity + position) * size;
        for (int64_t d = 0; d < size; d++) {
            float v = x[h * size + d];
            if (half)
                ((bf16 *)cache)[to + d] = narrowed(v);
            else
                ((float *)cache)[to + d] = v;
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

/* gate = gate / (1 + e^-gate) * up, elements [from, to). The last ones have the bits that they have in a vector. */
EXPORT void llm360_swiglu(float *gate, const float *up, int64_t from, int64_t to) {
    const __m256 one = _mm256_set1_ps(1), sign = _mm256_set1_ps(-0.0f);
    for (int64_t i = from; i < to; i += VECTOR) {
        int64_t n = to - i < VECTOR ? to - i : VECTOR;
        float rest[VECTOR] = {0};
        __m256 g;
        if (n < VECTOR) {
            for (int64_t k = 0; k < n; k++) rest[k] = gate[i + k];
            g = _mm256_loadu_ps(rest);
        } else {
            g = _mm256_loadu_ps(gate + i);
        }
        /* With e = e^-|g| the sigmoid is 1 / (1 + e), or e / (1 + e) where g is negative. */
        __m256 e = exponential(_mm256_or_ps(g, sign));
        __m256 above = _mm256_blendv_ps(one, e, g);
        __m256 y = _mm256_mul_ps(g, _mm256_div_ps(above, _mm256_add_ps(one, e)));
        if (n < VECTOR) {
            _mm256_storeu_ps(rest, y);
            for (int64_t k = 0; k < n; k++) gate[i + k] = rest[k] * up[i + k];
        } else {
            _mm256_storeu_ps(gate + i, _mm256_mul_ps(y, _mm256_loadu_ps(up + i)));
        }
    }
}

#define SCORES 64
#define LARGEST_HEAD 256

/*
 * Queries of neighbouring positions that read keys and values together: as many as there are registers for, and as
 * many as find them in the nearest cache, which holds 64 keys or values of 128 dimensions.
 */
#define QUERIES 4
#define MOST_QUERIES 16

/* The scores of a key with Q queries, which lie apart; Q is a constant where this is inlined, as are N below. */
INLINE void score_key(int Q, int half, const float *q, int64_t apart, const void *keys, int64_t first, int64_t size,
                      float scale, float (*scores)[SCORES], int64_t s) {
    __m256 dots[QUERIES];
    for (int j = 0; j < Q; j++) dots[j] = _mm256_setzero_ps();
    for (int64_t d = 0; d < size; d += VECTOR) {
        __m256 key = element8(half, keys, first + d);
        for (int j = 0; j < Q; j++) dots[j] = _mm256_fmadd_ps(_mm256_loadu_ps(q + j * apart + d), key, dots[j]);
    }
    for (int j = 0; j < Q; j++) scores[j][s] = sum8(dots[j]) * scale;
}

/* Adds values [from, to), each times its weight, to N vectors of each of Q sums, in the values' order. */
INLINE void add_values(int Q, int N, int half, float (*weights)[SCORES], const void *values, int64_t first,
                       int64_t size, int64_t from, int64_t to, float (*sums)[LARGEST_HEAD], int64_t d) {
    __m256 all[QUERIES][2];
    for (int j = 0; j < Q; j++)
        for (int k = 0; k < N; k++) all[j][k] = _mm256_loadu_ps(sums[j] + d + k * VECTOR);
    for (int64_t s = from; s < to; s++)
        for (int k = 0; k < N; k++) {
            __m256 value = element8(half, values, first + s * size + d + k * VECTOR);
            for (int j = 0; j < Q; j++)
                all[j][k] = _mm256_fmadd_ps(_mm256_broadcast_ss(weights[j] + s), value, all[j][k]);
        }
    for (int j = 0; j < Q; j++)
        for (int k = 0; k < N; k++) _mm256_storeu_ps(sums[j] + d + k * VECTOR, all[j][k]);
}

INLINE void add_all_values(int Q, int half, float (*weights)[SCORES], const void *values, int64_t first, int64_t size,
                           int64_t from, int64_t to, float (*sums)[LARGEST_HEAD]) {
    int64_t d = 0;
    for (; d + 2 * VECTOR <= size; d += 2 * VECTOR)
        add_values(Q, 2, half, weights, values, first, size, from, to, sums, d);
    for (; d < size; d += VECTOR) add_values(Q, 1, half, weights, values, first, size, from, to, sums, d);
}

INLINE int64_t within(int64_t n, int64_t most) { return n < 0 ? 0 : n < most ? n : most; }

/* The softmax of a query's scores of n positions, joined to that of those before: scores become weights. */
INLINE void weigh(float *scores, int64_t n, int64_t size, float *sums, float *highest, float *total) {
    float most = *highest;
    for (int64_t s = 0; s < n && s < SCORES; s++) most = scores[s] > most ? scores[s] : most;
    for (int64_t s = n; s < SCORES; s++) scores[s] = -3.4e38f;
    __m256 before = exponential(_mm256_set1_ps(*highest - most));
    __m256 weights = _mm256_setzero_ps();
    for (int64_t s = 0; s < SCORES; s += VECTOR) {
        __m256 e = exponential(_mm256_sub_ps(_mm256_loadu_ps(scores + s), _mm256_set1_ps(most)));
        _mm256_storeu_ps(scores + s, e);
        weights = _mm256_add_ps(weights, e);
    }
    *total = *total * _mm256_cvtss_f32(before) + sum8(weights);
    *highest = most;
    for (int64_t d = 0; d < size; d += VECTOR)
        _mm256_storeu_ps(sums + d, _mm256_mul_ps(_mm256_loadu_ps(sums + d), before));
}

/*
 * The attention of Q queries of neighbouring positions, softmax(scale q k') v, by 64 positions at a time; D is a
 * multiple of 8. The first query sees so many positions, each further one, one more. A query's bits are those that it
 * has alone.
 */
INLINE void attend_head(int Q, int half, const float *q, int64_t apart, const void *keys, const void *values,
                        int64_t size, int64_t positions, float scale, float *out, int64_t out_apart) {
    const int some = Q < QUERIES ? Q : QUERIES;
    float scores[MOST_QUERIES][SCORES];
    float sums[MOST_QUERIES][LARGEST_HEAD];
    float highest[MOST_QUERIES], total[MOST_QUERIES];
    for (int j = 0; j < Q; j++) {
        highest[j] = -3.4e38f;
        total[j] = 0;
        for (int64_t d = 0; d < size; d++) sums[j][d] = 0;
    }
    for (int64_t start = 0; start < positions + Q - 1; start += SCORES) {
        int64_t seen = positions - start; /* of these 64 and later ones, by the first query */
        for (int i = 0; i < Q; i += some) {
            int64_t n = within(seen + i + some - 1, SCORES);
            for (int64_t s = 0; s < n; s++)
                score_key(some, half, q + i * apart, apart, keys, (start + s) * size, size, scale, scores + i, s);
        }
        for (int j = 0; j < Q; j++)
            if (seen + j > 0) weigh(scores[j], seen + j, size, sums[j], highest + j, total + j);
        for (int i = 0; i < Q; i += some) {
            int64_t all_see = within(seen + i, SCORES);
            add_all_values(some, half, scores + i, values, start * size, size, 0, all_see, sums + i);
            /* Further values are no factor of a query that doesn't see them: they may be infinite. */
            for (int j = i + 1; j < i + some; j++)
                add_all_values(1, half, scores + j, values, start * size, size, all_see, within(seen + j, SCORES),
                               sums + j);
        }
    }
    for (int j = 0; j < Q; j++)
        for (int64_t d = 0; d < size; d++) out[j * out_apart + d] = sums[j][d] / total[j];
}

INLINE void attend_heads(int Q, int half, const float *q, int64_t apart, const char *keys, const char *values,
                         int64_t group, int64_t size, int64_t capacity, int64_t positions, float scale, float *out,
                         int64_t out_apart, int64_t from, int64_t to) {
    for (int64_t h = from; h < to; h++) {
        int64_t offset = h / group * capacity * size * (half ? 2 : 4);
        attend_head(Q, half, q + h * size, apart, keys + offset, values + offset, size, positions, scale,
                    out + h * size, out_apart);
    }
}

/*
 * The attention of n new positions of a row, 1, 4 or 16 that follow each other, in heads [from, to): q and out float32
 * (n, H, D), of which each position's begin apart, or out_apart, elements after those of the one before; keys and values (K,
 * capacity, D), bfloat16 where half is 1 and float32 where it is 0, of which the first of the n sees so many positions.
 * D is a multiple of 8, 256 at most; H is a multiple of K.
 */
EXPORT void llm360_attend(int32_t half, const float *q, int64_t n, int64_t apart, const void *keys,
                          const void *values, int64_t group, int64_t size, int64_t capacity, int64_t positions,
                          float scale, float *out, int64_t out_apart, int64_t from, int64_t to) {
#define ATTEND(Q, HALF)                                                                                                \
    attend_heads(Q, HALF, q, apart, keys, values, group, size, capacity, positions, scale, out, out_apart, from, to)
    if (n == MOST_QUERIES)
        half ? ATTEND(MOST_QUERIES, 1) : ATTEND(MOST_QUERIES, 0);
    else if (n == QUERIES)
        half ? ATTEND(QUERIES, 1) : ATTEND(QUERIES, 0);
    else
        half ? ATTEND(1, 1) : ATTEND(1, 0);
#undef ATTEND
}
