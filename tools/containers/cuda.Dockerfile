# As cpu.Dockerfile, with CUDA's runtime libraries for @tensorflow/tfjs-node-gpu 4.22 (TensorFlow 2.9: CUDA 11.2, cuDNN 8.1).
# The driver comes from the host, by NVIDIA's container toolkit.
ARG BASE=docker.io/nvidia/cuda:11.2.2-cudnn8-runtime-ubuntu20.04
ARG NODE=docker.io/library/node:22-bookworm-slim
FROM ${NODE} AS node
FROM ${BASE}
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
ENV NODE_ENV=production NPM_CONFIG_UPDATE_NOTIFIER=false
RUN groupadd --gid 10001 qdrl && useradd --uid 10001 --gid 10001 --create-home qdrl \
 && mkdir -p /app/data /app/reports && chown -R 10001:10001 /app/data /app/reports
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force
COPY tsconfig.json ./
COPY tools ./tools
COPY configs ./configs
COPY lib ./lib
USER 10001:10001
ENTRYPOINT ["node", "tools/qdrl.mjs"]
CMD ["--help"]
