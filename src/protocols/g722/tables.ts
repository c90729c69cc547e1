/*
 * Tables of ITU-T G.722, under its names. A code of the lower band has six bits; its upper four
 * alone feed the predictor, so that the two others may be missing.
 */

/** QM6: values of six bits, in parts of the scale factor. */
export const lowLevels = Int16Array.from([
  -136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232,
  -9360, -8576, -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400,
  -2032, -1688, -1360, -1040, -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232,
  9360, 8576, 7856, 7192, 6576, 6000, 5456, 4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688,
  1360, 1040, 728, 432, 136, -432, -136,
]);
/** QM4: values of the upper four bits. */
export const coarseLowLevels = Int16Array.from([
  0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200,
  0,
]);
/** QM2: values of codes of the upper band. */
export const highLevels = Int16Array.of(-7408, -1616, 7408, 1616);

/** Q6: the lower band's decision levels. */
export const lowDecisions = Int16Array.from([
  0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023,
  1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
]);
/** ILN: codes of negative differences, by decision level. */
export const negativeLowCodes = Uint8Array.from([
  0, 63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10,
  9, 8, 7, 6, 5, 4,
]);
/** ILP: codes of non-negative differences. */
export const positiveLowCodes = Uint8Array.from({ length: 31 }, (_, level) => 62 - level);
/** Q2: the upper band's only decision level. */
export const HIGH_DECISION = 564;

/** Half of the quadrature mirror filter's 24 taps. */
export const mirrorTaps = Int16Array.of(3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11);
