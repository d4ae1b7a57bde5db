/**
 * Layers of encoders of two towers with what is left out filled in: no hidden layer, and a last linear layer where there are
 * hidden ones or where a tower's input has not the width of the output, as with a category beside the text.
 */
export function towerLayers(spec: {
  kind: string;
  textEmbedding: { embeddingDim: number };
  outputDim: number;
  hiddenLayers?: readonly number[] | undefined;
  lastLinear?: boolean | undefined;
}): { hiddenLayers: readonly number[]; lastLinear: boolean } {
  const { hiddenLayers = [], outputDim, textEmbedding, kind } = spec;
  const needed =
    hiddenLayers.length > 0 || textEmbedding.embeddingDim !== outputDim || kind === "MultiModalTwoTower";
  return { hiddenLayers, lastLinear: spec.lastLinear ?? needed };
}
