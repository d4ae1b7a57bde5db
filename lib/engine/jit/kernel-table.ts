import { binary } from "./kernels/binary.js";
import { composites } from "./kernels/composites.js";
import { constants } from "./kernels/constants.js";
import { convolutions } from "./kernels/convolutions.js";
import { elementwise } from "./kernels/elementwise.js";
import { gathering } from "./kernels/gathering.js";
import type { Lowerings } from "./kernels/lowering.js";
import { products } from "./kernels/products.js";
import { reductions } from "./kernels/reductions.js";
import { shapes } from "./kernels/shapes.js";

/** Kernels by group. */
export const kernelGroups: Record<string, Lowerings> = {
  elementwise,
  binary,
  reductions,
  shapes,
  constants,
  products,
  gathering,
  convolutions,
  composites,
};

/** Every kernel of tfjs that goes into a graph, and the project's own. */
export const kernelTable: Lowerings = Object.assign({}, ...Object.values(kernelGroups));
