# The workspace without notebooks' Python: trains, sweeps, works and serves. Layers in the order in which they change.
ARG BASE=docker.io/library/node:22-bookworm-slim
FROM ${BASE}
ENV NODE_ENV=production NPM_CONFIG_UPDATE_NOTIFIER=false
RUN groupadd --gid 10001 qdrl && useradd --uid 10001 --gid 10001 --create-home qdrl \
 && mkdir -p /app/data /app/reports && chown -R 10001:10001 /app/data /app/reports
WORKDIR /app
COPY package.json package-lock.json ./
# onnxruntime-node brings its libraries of other platforms along, tfjs its browser bundles' maps, which nothing reads
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force \
 && find node_modules -name "*.map" -delete \
 && rm -rf node_modules/onnxruntime-node/bin/napi-v*/darwin node_modules/onnxruntime-node/bin/napi-v*/win32
COPY tsconfig.json ./
COPY tools ./tools
COPY configs ./configs
COPY lib ./lib
USER 10001:10001
ENTRYPOINT ["node", "tools/qdrl.mjs"]
CMD ["--help"]
