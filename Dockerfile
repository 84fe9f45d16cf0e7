# The bot as a container image: built with its tools in one stage, run without them in the next, as a user without rights.
#
#   docker build -t chipwright .                        fetches the encoder into the image: it then starts without internet
#   docker build -t chipwright --build-arg ENCODER= .   leaves it out: the first start fetches it

FROM node:20.20.2-bookworm-slim AS build
# better-sqlite3 is compiled where its ready-made binary cannot be fetched.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends g++ make python3 ca-certificates \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY adapters adapters
COPY ingest ingest
RUN npm rebuild && npm run build
ARG ENCODER=bge-small-en-v1.5
RUN mkdir -p /data \
 && if [ -n "$ENCODER" ]; then CHIPWRIGHT_DATA=/data node dist/src/cli/chipwright.js models pull "$ENCODER"; fi \
 && rm -f /data/chipwright.log
# ONNX Runtime brings 220 MB for other systems along.
RUN npm prune --omit=dev --ignore-scripts \
 && rm -rf node_modules/onnxruntime-node/bin/*/darwin node_modules/onnxruntime-node/bin/*/win32

FROM node:20.20.2-bookworm-slim
ENV NODE_ENV=production \
    CHIPWRIGHT_DATA=/data \
    HOST=0.0.0.0 \
    PORT=3000
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY docs docs
COPY manifest.yml LICENSE ./
# A new volume at /data begins with what is here: the encoder, and who owns it.
COPY --from=build --chown=1000:1000 /data /data
# The user `node` of the image, by number, so that an orchestrator sees that it is not root.
USER 1000:1000
VOLUME /data
# chipwright.yaml is read from here.
WORKDIR /config
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node itself is told to stop, and finishes the running answers first: give it 35 seconds.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/app/dist/src/cli/chipwright.js"]
CMD ["start"]
