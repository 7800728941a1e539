# One image for all services of Muster: `args` of a container say which (deploy/k8s). The agent and the embedded servers of one
# machine are not for it.
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /muster
COPY package.json package-lock.json ./
COPY apps/cli/package.json apps/cli/
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

FROM ${NODE_IMAGE} AS modules
WORKDIR /muster
COPY package.json package-lock.json ./
COPY apps/cli/package.json apps/cli/
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Muster" org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
WORKDIR /muster
COPY --from=modules /muster/node_modules node_modules
COPY --from=build /muster/package.json /muster/LICENSE ./
COPY --from=build /muster/dist dist
USER 10001:10001
EXPOSE 8080 9090
ENTRYPOINT ["node"]
CMD ["dist/apps/catalog/src/main.js"]
