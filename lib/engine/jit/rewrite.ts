import type { AttributeValue } from "../../files/onnx/onnx-graph.js";

/** A node under construction. */
export interface GraphNode {
  operator: string;
  inputs: readonly string[];
  attributes: Readonly<Record<string, AttributeValue>>;
  outputs: readonly string[];
  /** both inputs have the shape of the output */
  sameShapes?: boolean;
}

/**
 * Matrix products that are added to something of their shape, and used for nothing else, begin with that: a·b + c is one
 * Gemm, and the sum is no pass over memory of its own. Gradients that several layers send to one tensor are such sums.
 */
export function joinSums(nodes: readonly GraphNode[]): GraphNode[] {
  const uses = new Map<string, number>();
  for (const { inputs } of nodes) for (const input of inputs) uses.set(input, (uses.get(input) ?? 0) + 1);
  const products = new Map<string, GraphNode>();
  for (const node of nodes)
    if (node.operator === "Gemm" && node.inputs.length === 2 && uses.get(node.outputs[0]!) === 1)
      products.set(node.outputs[0]!, node);
  return nodes.map((node) => {
    if (node.operator !== "Add" || !node.sameShapes) return node;
    const [a, b] = node.inputs as [string, string];
    const product = products.get(b) ?? products.get(a);
    if (!product) return node;
    const other = product.outputs[0] === b ? a : b;
    return { ...product, inputs: [...product.inputs, other], outputs: node.outputs };
  });
}
