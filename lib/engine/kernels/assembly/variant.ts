// Replaced by the build for the variant with fused multiply-add (relaxed SIMD).
export const FUSED_MULTIPLY_ADD: bool = false;
