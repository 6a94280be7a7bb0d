# The image of `trilith controller`. Its last two stages are also read by the tests, whose images are made of the same parts
# (test/cluster/trilith-image.ts); so each COPY in them names one path.
FROM node:24.21.0-bookworm AS build
WORKDIR /app
RUN apt-get update && apt-get install --yes --no-install-recommends python3-pip
COPY package.json package-lock.json .npmrc ./
RUN npm install --no-save --loglevel=error
COPY . .
RUN node tools/generate-envoy.ts && node tools/strip-sources.ts src stripped && npm prune --omit=dev

# The image that redirects connections in pods of the mesh: docker build --target capture. It needs no file of this checkout.
FROM debian:bookworm-slim AS capture
RUN apt-get update && apt-get install --yes --no-install-recommends nftables && rm -rf /var/lib/apt/lists/*
ENTRYPOINT ["/usr/sbin/nft"]

# The image of `trilith node`: docker build --target node. It is the one above, which has nsenter and cat besides, with Trilith in it.
FROM capture AS node
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /app/package.json /app/package.json
COPY --from=build /app/stripped /app/src
COPY --from=build /app/charts /app/charts
COPY --from=build /app/node_modules /app/node_modules
ENTRYPOINT ["/usr/local/bin/node", "--max-semi-space-size=4", "--heap-growing-percent=20", "/app/src/cli/main.js"]

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /app/package.json /app/package.json
COPY --from=build /app/stripped /app/src
COPY --from=build /app/charts /app/charts
COPY --from=build /app/node_modules /app/node_modules
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/node", "--max-semi-space-size=4", "--heap-growing-percent=20", "/app/src/cli/main.js"]
