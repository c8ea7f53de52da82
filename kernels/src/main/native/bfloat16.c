/* Products of float32 rows by bfloat16 matrices. */
#include "kernels.h"

/* A cache line of bfloat16. */
#define LINE 32
/* How many bytes before they are needed a product asks for them: a twentieth faster than not to ask. */
#define AHEAD 256

/* A tile of W outputs, every step-th, by R rows; W and R are constants where this is inlined. */
INLINE void bf16_tile(int W, int R, const bf16 *w, int64_t inputs, int64_t step, const float *x, float *y,
                      int64_t outputs) {
    __m256 sums[4][ROWS];
    for (int o = 0; o < W; o++)
        for (int r = 0; r < R; r++) sums[o][r] = _mm256_setzero_ps();
    int64_t i = 0;
    for (; i + LINE <= inputs; i += LINE) {
        for (int o = 0; o < W; o++) {
            const bf16 *p = w + o * step * inputs + i;
            _mm_prefetch((const char *)p + AHEAD, _MM_HINT_T0);
            for (int k = 0; k < LINE; k += VECTOR) {
                __m256 v = load8(p + k);
                for (int r = 0; r < R; r++)
                    sums[o][r] = _mm256_fmadd_ps(v, _mm256_loadu_ps(x + r * inputs + i + k), sums[o][r]);
            }
        }
    }
    for (; i + VECTOR <= inputs; i += VECTOR) {
        for (int o = 0; o < W; o++) {
            __m256 v = load8(w + o * step * inputs + i);
            for (int r = 0; r < R; r++)
                sums[o][r] = _mm256_fmadd_ps(v, _mm256_loadu_ps(x + r * inputs + i), sums[o][r]);
        }
    }
    for (int o = 0; o < W; o++)
        for (int r = 0; r < R; r++) {
            float sum = sum8(sums[o][r]);
            for (int64_t j = i; j < inputs; j++)
                sum = __builtin_fmaf(load1(w[o * step * inputs + j]), x[r * inputs + j], sum);
            y[r * outputs + o * step] = sum;
        }
}

INLINE void bf16_band(int W, const bf16 *w, int64_t inputs, int64_t step, const float *x, int64_t rows, float *y,
                      int64_t outputs) {
    switch (rows) {
        case 1: bf16_tile(W, 1, w, inputs, step, x, y, outputs); break;
        case 2: bf16_tile(W, 2, w, inputs, step, x, y, outputs); break;
        case 3: bf16_tile(W, 3, w, inputs, step, x, y, outputs); break;
        default: bf16_tile(W, 4, w, inputs, step, x, y, outputs);
    }
}

/* y = x w': x float32 (n, I), w bfloat16 (O, I), y float32 (n, O). One row reads at APART places at a time. */
EXPORT void llm360_bf16_rows(const bf16 *w, int64_t inputs, int64_t outputs, const float *x, int64_t rows, float *y,
                             int64_t from, int64_t to) {
    for (int64_t r = 0; r < rows; r += ROWS) {
        int64_t n = rows - r < ROWS ? rows - r : ROWS;
        const float *xs = x + r * inputs;
        float *ys = y + r * outputs;
        int64_t o = from;
        if (n == 1) {
            int64_t step = (to - from) / APART;
            for (; o < from + step; o++) bf16_band(APART, w + o * inputs, inputs, step, xs, 1, ys + o, outputs);
            o = from + APART * step;
        }
        for (; o + 2 <= to; o += 2) bf16_band(2, w + o * inputs, inputs, 1, xs, n, ys + o, outputs);
        for (; o < to; o++) bf16_band(1, w + o * inputs, inputs, 1, xs, n, ys + o, outputs);
    }
}

/* Adds K of the matrix's rows, every step-th, each times its input, to the sums of R rows. */
INLINE void bf16_add(int K, int R, const bf16 *w, int64_t outputs, int64_t step, const float *x, int64_t inputs,
                     float *y) {
    int64_t o = 0;
    for (; o + VECTOR <= outputs; o += VECTOR) {
        __m256 sums[ROWS];
        for (int r = 0; r < R; r++) sums[r] = _mm256_loadu_ps(y + r * outputs + o);
        for (int k = 0; k < K; k++) {
            const bf16 *p = w + k * step * outputs + o;
            if (o % LINE == 0) _mm_prefetch((const char *)p + AHEAD, _MM_HINT_T0);
            __m256 v = load8(p);
            for (int r = 0; r < R; r++)
                sums[r] = _mm256_fmadd_ps(v, _mm256_broadcast_ss(x + r * inputs + k * step), sums[r]);
        }
        for (int r = 0; r < R; r++) _mm256_storeu_ps(y + r * outputs + o, sums[r]);
    }
    for (; o < outputs; o++)
        for (int r = 0; r < R; r++) {
            float sum = y[r * outputs + o];
            for (int k = 0; k < K; k++)
                sum = __builtin_fmaf(load1(w[k * step * outputs + o]), x[r * inputs + k * step], sum);
            y[r * outputs + o] = sum;
        }
}

INLINE void bf16_inputs(int R, const bf16 *w, int64_t inputs, int64_t outputs, const float *x, float *y, int64_t from,
                        int64_t to) {
    for (int64_t o = 0; o < R * outputs; o++) y[o] = 0;
    int64_t step = (to - from) / APART, i = from;
    for (; i < from + step; i++) bf16_add(APART, R, w + i * outputs, outputs, step, x + i, inputs, y);
    for (i = from + APART * step; i < to; i++) bf16_add(1, R, w + i * outputs, outputs, 1, x + i, inputs, y);
}

/*
 * A part of y = x w, that of inputs [from, to): x float32 (n, I), w bfloat16 (I, O), y float32 (n, O). Whole rows of w
 * are read, at APART places at a time, and the sums of four rows of x stay in the L2 cache.
 */
EXPORT void llm360_bf16_columns(const bf16 *w, int64_t inputs, int64_t outputs, const float *x, int64_t rows,
                                float *y, int64_t from, int64_t to) {
    for (int64_t r = 0; r < rows; r += ROWS) {
        const float *xs = x + r * inputs;
        float *ys = y + r * outputs;
        switch (rows - r) {
            case 1: bf16_inputs(1, w, inputs, outputs, xs, ys, from, to); break;
            case 2: bf16_inputs(2, w, inputs, outputs, xs, ys, from, to); break;
            case 3: bf16_inputs(3, w, inputs, outputs, xs, ys, from, to); break;
            default: bf16_inputs(4, w, inputs, outputs, xs, ys, from, to);
        }
    }
}

/* Elements [from, to) of the sum of n arrays of one size, in their order. */
EXPORT void llm360_sum(const float *parts, int64_t n, int64_t size, float *y, int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++) y[i] = parts[i];
    for (int64_t p = 1; p < n; p++)
        for (int64_t i = from; i < to; i++) y[i] += parts[p * size + i];
}
