# The HTTP server. It needs a token, or an authorization server (see "Serve over HTTP" in the README):
#   docker build -t monty-code-mode .
#   docker run --read-only -p 3333:3333 -e MONTY_CODE_MODE_AUTH_TOKEN=… monty-code-mode
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY . .
RUN npm ci && npm prune --omit=dev --ignore-scripts

FROM node:22-bookworm-slim
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/tools/expenses/expenses.json ./tools/expenses/expenses.json
ENV NODE_ENV=production MONTY_CODE_MODE_HTTP=1 MONTY_CODE_MODE_HOST=0.0.0.0
USER node
EXPOSE 3333
HEALTHCHECK CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.MONTY_CODE_MODE_PORT || 3333) + '/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/bin/monty-code-mode.js"]
