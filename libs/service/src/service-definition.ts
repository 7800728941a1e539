import { join } from 'node:path';
import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import type { ServiceName } from '@muster/contracts/resource.js';
import type { onRequestHookHandler } from 'fastify';
import type { ServiceConfig } from '@muster/platform/config.js';
import type { z } from 'zod';
import type { Authenticator, RouteProof } from './auth/http-authentication.js';
import type { Shortcut } from './shortcut.js';
import type { Subscriptions } from './service.module.js';

/** What makes one service different from the others. */
export interface ServiceDefinition<Config extends ServiceConfig> {
  service: ServiceName;
  config: z.ZodType<Config>;
  /** Folder of the service's own migrations. */
  migrations: string;
  /** The service's modules. They may inject what ServiceModule exports. */
  modules: (Type<unknown> | DynamicModule)[];
  /** Facts of other services that this one applies. */
  subscriptions?: {
    imports?: DynamicModule['imports'];
    inject: unknown[];
    useFactory: (...dependencies: never[]) => Subscriptions;
  };
  /** Routes that ask for something else than an API token. */
  routes?: readonly RouteProof[];
  /** Answers requests that are for another site, before anybody is asked who they are; only the policy service has it. */
  forward?: (app: INestApplication) => onRequestHookHandler;
  /** Proves devices; only the policy service has it. */
  deviceAuthenticator?: (app: INestApplication) => Authenticator;
  /** Routes (POST) to which only as many requests are let in as can be answered soon. */
  admitted?: readonly string[];
  /** Answers what comes most before any framework sees it. */
  shortcut?: (app: INestApplication) => Shortcut;
}

/** The migrations folder beside a service's sources, in the tree and in the build alike. */
export function migrationsBeside(directory: string): string {
  return join(directory, '..', 'migrations');
}
