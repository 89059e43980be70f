FROM node:20.20.2-bookworm-slim AS build
WORKDIR /app
COPY .npmrc package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json biome.json ./
COPY scripts scripts
COPY projections projections
COPY src src
RUN npm run build

FROM node:20.20.2-bookworm-slim AS dependencies
WORKDIR /app
COPY .npmrc package.json package-lock.json ./
RUN npm ci --omit=dev

FROM node:20.20.2-bookworm-slim
WORKDIR /app
COPY package.json ./
COPY policies policies
COPY pipelines pipelines
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist

# A new volume takes its owner from the folder that it is mounted on; keys and tenants are volumes of their own where
# several processes share them.
RUN mkdir -p /data/keys /data/tenants /keys && chown -R 10001:10001 /data /keys && chmod 700 /data/keys /keys
ENV HOST=0.0.0.0 DATA_DIR=/data
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# /health answers 503 until the views are current, which takes minutes where they are built from a long ledger.
HEALTHCHECK --interval=15s --timeout=5s --retries=4 --start-period=10m \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 8000) + '/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/src/cli.js"]
CMD ["serve"]
