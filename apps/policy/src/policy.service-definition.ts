import { migrationsBeside, type ServiceDefinition } from '@muster/service/service-definition.js';
import { policyConfigSchema, type PolicyConfig } from './config.js';
import { ContentModule } from './content/content.module.js';
import { EnrolmentModule } from './enrolment/enrolment.module.js';
import { ExplainModule } from './explain/explain.module.js';
import { FatesModule } from './fates/fates.module.js';
import { HierarchyModule } from './hierarchy/hierarchy.module.js';
import { HousekeepingModule } from './housekeeping/housekeeping.module.js';
import { InventoryModule } from './inventory/inventory.module.js';
import { PermitsModule } from './permits/permits.module.js';
import { KeysModule } from './keys/keys.module.js';
import { ReportsModule } from './reports/reports.module.js';
import { AgentForwarder } from './secondary/agent-forwarder.js';
import { SecondaryModule } from './secondary/secondary.module.js';
import { PollShortcut } from './serving/poll-shortcut.js';
import { ServingModule } from './serving/serving.module.js';
import { DeviceAuthenticator } from './sessions/device-authenticator.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { SiteKeyModule } from './site-key/site-key.module.js';
import { TargetFacts } from './targets/target-facts.js';
import { TargetsModule } from './targets/targets.module.js';
import { TokensModule } from './tokens/tokens.module.js';
import { WakeUpsModule } from './wake-ups/wake-ups.module.js';

/** What one computer must do now: enrolment, sessions, signed policy, content location, report intake, API tokens. */
export const policyService: ServiceDefinition<PolicyConfig> = {
  service: 'policy',
  config: policyConfigSchema,
  migrations: migrationsBeside(import.meta.dirname),
  modules: [
    SiteKeyModule,
    TokensModule,
    EnrolmentModule,
    SessionsModule,
    ServingModule,
    ContentModule,
    PermitsModule,
    ReportsModule,
    FatesModule,
    KeysModule,
    InventoryModule,
    WakeUpsModule,
    ExplainModule,
    HierarchyModule,
    SecondaryModule,
    HousekeepingModule,
  ],
  subscriptions: {
    imports: [TargetsModule],
    inject: [TargetFacts],
    useFactory: (facts: TargetFacts) => facts.subscriptions(),
  },
  // The first rule that fits counts: the open routes prove themselves by what is in their bodies.
  routes: [
    { method: 'POST', path: '/api/v1/agent/enrolments', proof: 'none' },
    { method: 'POST', path: '/api/v1/agent/sessions', proof: 'none' },
    { method: 'POST', path: '/api/v1/hierarchy/joins', proof: 'none' },
    { path: '/api/v1/agent/', proof: 'device' },
  ],
  forward: (app) => app.get(AgentForwarder).handle,
  deviceAuthenticator: (app) => app.get(DeviceAuthenticator),
  // What a fleet asks that comes back after an outage, each at the cost of a signature and the database.
  admitted: ['/api/v1/agent/enrolments', '/api/v1/agent/sessions'],
  shortcut: (app) => app.get(PollShortcut),
};
