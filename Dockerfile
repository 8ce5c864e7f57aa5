# docker build --tag xks-proxy .                       the proxy, without any HSM's PKCS#11 library
# docker build --tag xks-proxy:demo --target demo .    the demo of `make run`, over SoftHSM
# deploy/README.md says how to run them.

# The Node.js of toolchain/package.json. Another base: Debian with node and npm, and Node's headers, under /usr/local.
ARG NODE_IMAGE=docker.io/library/node:24.21.0-trixie-slim@sha256:8ec5d7557396cfe32d21c3f9c13072355ceab22b584578ca4bb28af31120cffe

FROM ${NODE_IMAGE} AS build
RUN apt-get update \
  && apt-get install --yes --no-install-recommends g++ make python3 \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /build
# Steps that change seldom come first, so a change of the sources only repeats the bundling.
COPY package.json package-lock.json ./
COPY deploy/build.sh deploy/
RUN deploy/build.sh /app packages
# The bundler, only for the next step.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json rolldown.config.ts ./
COPY src src
COPY config config
RUN deploy/build.sh /app program

FROM ${NODE_IMAGE} AS base
# A server installs nothing.
RUN rm -rf /usr/local/lib/node_modules /usr/local/include /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
    /usr/local/bin/yarn* /opt/yarn-* \
  && groupadd --gid 10001 xks-proxy \
  && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin xks-proxy
ENV NODE_ENV=production MALLOC_ARENA_MAX=1
WORKDIR /app
# Folder of the audit log. A new volume that is mounted there gets this owner.
RUN install --directory --owner 10001 --group 10001 --mode 700 /var/lib/xks-proxy
# The files belong to root, so that the proxy cannot change its own program.
COPY --from=build /app ./
STOPSIGNAL SIGTERM
EXPOSE 8443 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "-e", "fetch('http://127.0.0.1:9464/livez').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]

FROM base AS demo
RUN apt-get update \
  && apt-get install --yes --no-install-recommends curl softhsm2 \
  && rm -rf /var/lib/apt/lists/*
# `make run` runs from the sources, so it needs the packages that dist/ bundles, and the compiled pkcs11js over them.
COPY --from=build /build/node_modules node_modules
COPY --from=build /app/node_modules node_modules
# The last three of these folders are where it keeps token, certificates and credentials.
COPY src src
COPY certs certs
COPY softhsm softhsm
COPY local local
RUN mkdir certs/made softhsm/made local/made && chown 10001:10001 certs/made softhsm/made local/made
ENV LISTEN_HOST=0.0.0.0
# Its configuration has no monitoring port.
HEALTHCHECK NONE
USER 10001:10001
CMD ["node", "local/run.ts"]

FROM base AS runtime
LABEL org.opencontainers.image.title="xks-proxy" \
  org.opencontainers.image.description="An AWS KMS external key store (XKS) proxy over PKCS#11" \
  org.opencontainers.image.licenses="Apache-2.0"
USER 10001:10001
ENTRYPOINT ["node", "--disable-sigusr1", "--max-semi-space-size=8", "--heap-growing-percent=40", "/app/dist/main.js"]
CMD ["serve", "--config", "/etc/xks-proxy/config.yaml"]
