import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from '@grpc/grpc-js';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Transport, type GrpcOptions } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { PROTO_FOLDER, protoFiles, protoPackage } from '@muster/contracts/proto.js';
import type { ServiceName } from '@muster/contracts/resource.js';
import { Bus } from '@muster/messaging/bus.js';
import { LinkBus } from '@muster/messaging/link-bus.js';
import { Database } from '@muster/persistence/database.js';
import { migrate, pendingMigrations } from '@muster/persistence/migrate.js';
import { loadConfig, type ServiceConfig } from '@muster/platform/config.js';
import { currentTraceId, withTrace } from '@muster/platform/trace.js';
import { LinkKey } from '@muster/replication/site-signature.js';
import type { FastifyInstance } from 'fastify';
import { HealthImplementation } from 'grpc-health-check';
import { pino, type Logger } from 'pino';
import { admitRequests } from './admission/admit-requests.js';
import { authenticateGrpc } from './auth/grpc-authentication.js';
import { authenticateHttp } from './auth/http-authentication.js';
import { TokenAuthenticator } from './auth/token-authenticator.js';
import { allowDeepDocuments, refuseInOurWords } from './grpc-refusals.js';
import { Metrics } from './health/metrics.js';
import { acceptJsonBodies } from './json-body.js';
import { listen } from './listen.js';
import { NestLogger } from './nest-logger.js';
import { serveDocumentation } from './openapi.js';
import { ProblemFilter } from './problem.filter.js';
import { addReflection } from './reflection.js';
import type { SiteLinks } from './replication/site-replication.js';
import { closeEventStreams } from './resources/server-sent-events.js';
import { SchemaPipe } from './schema.pipe.js';
import type { ServiceDefinition } from './service-definition.js';
import { takeShortcut } from './shortcut.js';
import { Refusals } from './refusals/refusals.js';
import { ServiceModule } from './service.module.js';

const SERVICES: readonly ServiceName[] = ['catalog', 'deployment', 'content', 'policy'];
const SCHEMA_POLL_MILLISECONDS = 1_000;
const LOADER = {
  keepCase: false,
  longs: Number,
  enums: String,
  defaults: false,
  arrays: true,
  oneofs: false,
  includeDirs: [PROTO_FOLDER],
};

/**
 * Runs a service as a process: REST, gRPC and NATS in one Nest application. Never returns an error for what a user can
 * mend: it prints one line and ends with exit code 2 (bad configuration) or 1 (cannot start).
 */
export async function runService<Config extends ServiceConfig>(definition: ServiceDefinition<Config>): Promise<void> {
  const logger = pino({
    name: definition.service,
    level: process.env['MUSTER_LOG_LEVEL'] ?? 'info',
    mixin: () => {
      const correlationId = currentTraceId();
      return correlationId ? { correlationId } : {};
    },
    redact: ['req.headers.authorization', 'err.config', 'token', '*.token'],
  });
  let config: Config;
  try {
    config = loadConfig(definition.config, process.env);
  } catch (error) {
    logger.fatal({ code: 'config.invalid' }, `cannot start: ${(error as Error).message}`);
    process.exitCode = 2;
    return;
  }
  try {
    const app = await startService(definition, config, logger);
    stopInTime(app, config.MUSTER_SHUTDOWN_SECONDS * 1000);
  } catch (error) {
    logger.fatal({ err: error, code: startFailureCode(error) }, `cannot start: ${(error as Error).message}`);
    process.exit(1);
  }
}

/**
 * Ends the process on SIGTERM, SIGINT, or when its supervisor is gone (nothing outlives `muster up`): work in flight is
 * finished, but never longer than the limit, whatever hangs.
 */
function stopInTime(app: NestFastifyApplication, limitMilliseconds: number): void {
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), limitMilliseconds);
    app.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
  process.on('disconnect', stop);
}

/** Wires and starts a service; the caller closes it. Used by runService and by tests. */
export async function startService<Config extends ServiceConfig>(
  definition: ServiceDefinition<Config>,
  config: Config,
  logger: Logger,
): Promise<NestFastifyApplication> {
  const { service } = definition;
  if (config.MUSTER_MIGRATE) {
    await migrate({
      url: config.MUSTER_DATABASE_URL,
      schema: service,
      folder: definition.migrations,
      log: (line) => logger.info(line),
    });
  }
  const database = new Database({
    url: config.MUSTER_DATABASE_URL,
    schema: service,
    onError: (error) => logger.warn({ err: error }, 'a database connection broke'),
  });
  if (!config.MUSTER_MIGRATE) await waitForSchema(definition.migrations, database, logger);
  const bus = await Bus.connect({
    url: config.MUSTER_NATS_URL,
    user: config.MUSTER_NATS_USER,
    password: config.MUSTER_NATS_PASSWORD,
    site: config.MUSTER_SITE,
    service,
  });
  const common = ServiceModule.forRoot({
    service,
    config,
    logger,
    database,
    bus,
    links: await openLinks(service, config),
    subscriptions: definition.subscriptions,
  });

  @Module({ imports: [common, ...definition.modules] })
  class RootModule {}

  const adapter = new FastifyAdapter({
    bodyLimit: config.MUSTER_BODY_LIMIT_BYTES,
    requestTimeout: 60_000,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 256 },
    forceCloseConnections: 'idle',
  });
  const app = await NestFactory.create<NestFastifyApplication>(RootModule, adapter, {
    logger: new NestLogger(logger),
    bodyParser: false,
  });
  const server = adapter.getInstance() as unknown as FastifyInstance;
  const tokens = app.get(TokenAuthenticator);
  const refusals = app.get(Refusals);

  traceRequests(server, logger);
  closeConnectionsWhenStopping(server);
  acceptJsonBodies(server);
  if (definition.forward) server.addHook('onRequest', definition.forward(app));
  authenticateHttp(server, definition.routes ?? [], {
    token: tokens,
    ...(definition.deviceAuthenticator ? { device: definition.deviceAuthenticator(app) } : {}),
  });
  app.get(Metrics).observeHttp(server);
  app.useGlobalPipes(new SchemaPipe());
  app.useGlobalFilters(new ProblemFilter(logger, refusals));

  allowDeepDocuments();
  const health = new HealthImplementation({ '': 'SERVING', [protoPackage(service)]: 'SERVING' });
  app.connectMicroservice<GrpcOptions>(
    {
      transport: Transport.GRPC,
      options: {
        url: `${config.MUSTER_HOST}:${config.MUSTER_GRPC_PORT}`,
        package: protoPackage(service),
        protoPath: protoFiles(service),
        loader: LOADER as never,
        maxReceiveMessageLength: config.MUSTER_BODY_LIMIT_BYTES,
        gracefulShutdown: true,
        channelOptions: { interceptors: [refuseInOurWords(), authenticateGrpc(tokens, refusals)] } as never,
        onLoadPackageDefinition: (_own: unknown, grpc: Server) => {
          health.addToServer(grpc);
          // Any service describes the whole API, so that one address is enough for a client with reflection.
          addReflection(grpc, SERVICES.flatMap(protoFiles), LOADER);
        },
      },
    },
    { inheritAppConfig: true },
  );
  serveDocumentation(app, service);
  await app.startAllMicroservices();
  const address = { host: config.MUSTER_HOST, port: config.MUSTER_HTTP_PORT };
  await listen(app, server, address, definition.admitted !== undefined);
  if (definition.admitted) admitRequests(server, definition.admitted, app.get(Metrics));
  if (definition.shortcut) takeShortcut(server, definition.shortcut(app), app.get(Metrics));
  logger.info({ http: config.MUSTER_HTTP_PORT, grpc: config.MUSTER_GRPC_PORT }, 'listening');
  return app;
}

/** The service's way to other sites; none without a link key. */
async function openLinks(service: ServiceName, config: ServiceConfig): Promise<SiteLinks | undefined> {
  if (config.MUSTER_LINK_KEY === undefined) return undefined;
  const key = new LinkKey(config.MUSTER_LINK_KEY);
  const bus = await LinkBus.connect({
    url: config.MUSTER_NATS_URL,
    user: config.MUSTER_LINK_NATS_USER,
    password: config.MUSTER_LINK_NATS_PASSWORD,
    site: config.MUSTER_SITE,
    service,
  });
  return { bus, key };
}

/**
 * Waits until the schema has every migration that this program knows: somebody else migrates, and the order in which both
 * are started does not matter. Whoever started the process says how long is too long.
 */
async function waitForSchema(migrations: string, database: Database, logger: Logger): Promise<void> {
  let told = '';
  for (;;) {
    const waitsFor = await pendingMigrations(database, migrations).then(
      (pending) => (pending.length === 0 ? null : `the schema lacks ${pending.join(', ')}`),
      (error: Error) => `the database cannot be read: ${error.message}`,
    );
    if (waitsFor === null) return;
    if (waitsFor !== told) logger.warn({ code: 'service.schema-behind' }, `waiting for a migration: ${waitsFor}`);
    told = waitsFor;
    await sleep(SCHEMA_POLL_MILLISECONDS);
  }
}

/** Every request runs in the trace of its `traceparent`, or in a new one; the answer names it. */
function traceRequests(server: FastifyInstance, logger: Logger): void {
  server.addHook('onRequest', (request, reply, done) => {
    withTrace(request.headers['traceparent'] as string | undefined, () => {
      void reply.header('X-Correlation-Id', currentTraceId());
      done();
    });
  });
  server.addHook('onResponse', async (request, reply) => {
    // What a fleet and its probes ask all the time is worth a line only when somebody looks for it, or when it fails.
    const routine = request.method === 'GET' && reply.statusCode < 400;
    logger[routine ? 'debug' : 'info'](
      {
        method: request.method,
        url: request.url.split('?', 1)[0],
        status: reply.statusCode,
        milliseconds: Math.round(reply.elapsedTime),
      },
      'request',
    );
  });
}

/** A stopping service answers what it has begun and then lets its clients go, who would keep their connections for later. */
function closeConnectionsWhenStopping(server: FastifyInstance): void {
  server.addHook('preClose', async () => {
    closeEventStreams();
    const timer = setInterval(() => server.server.closeIdleConnections(), 50);
    server.server.once('close', () => clearInterval(timer));
  });
}

function startFailureCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return code === 'EADDRINUSE' ? 'service.port-in-use' : 'service.cannot-start';
}
