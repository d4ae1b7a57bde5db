import { itemLossPart } from "../item-loss-part.js";
import { type ClassifierSize, type ClassLoss, classVectors, ownClasses } from "./classifier.js";
import { type ComparedLoss, checkClasses, weightedItemLoss } from "./compared-items.js";
import { ncaSettings, neighbourhood } from "./nca.js";

/**
 * Proxy-NCA: {@link nca} with trained class vectors ("class_weights") for neighbours.
 *
 * @see Movshovitz-Attias et al. 2017, arXiv:1703.07464; the own class stays in the denominator, as in
 *   pytorch-metric-learning
 */
export function proxyNca(options: ClassifierSize & { softmaxScale?: number }): ClassLoss {
  const { softmaxScale = 1, classes } = options;
  const proxies = classVectors("proxyNca", options);
  const compute: ComparedLoss = ({ embeddings, labels, tuples }) => {
    ownClasses("proxyNca", labels, classes).dispose(); // checks the labels
    return neighbourhood(embeddings, proxies, {
      same: (i, j) => labels[i] === j,
      left: () => false,
      scale: softmaxScale,
      weights: tuples.weights(true),
    });
  };
  return { compute, weights: { class_weights: proxies } };
}

export const proxyNcaPart = itemLossPart({
  kind: "proxy_nca",
  published: ["ProxyNCALoss"],
  summary: "neighbourhood components analysis with class vectors (arXiv:1703.07464)",
  settings: ncaSettings,
  mines: "any",
  classes: true,
  make: (options, parts) => {
    checkClasses("proxy_nca", parts);
    return weightedItemLoss(proxyNca({ ...options, ...parts }), parts);
  },
});
