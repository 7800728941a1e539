import type { Command } from 'commander';
import type { Terminal } from '../terminal.js';

/** Adds a command to the program. */
export type RegisterCommand = (program: Command, terminal: Terminal) => void;

/**
 * Every command by its name, in the order of the help. What a command needs is loaded with it: most of the time of a short command is
 * the loading, and `muster get` needs no importer.
 */
export const COMMANDS: Readonly<Record<string, () => Promise<RegisterCommand>>> = {
  up: async () => (await import('./site/up.js')).registerUp,
  apply: async () => (await import('./objects/apply.js')).registerApply,
  create: async () => (await import('./sequences/create.js')).registerCreate,
  get: async () => (await import('./objects/get.js')).registerGet,
  describe: async () => (await import('./objects/describe.js')).registerDescribe,
  delete: async () => (await import('./objects/delete.js')).registerDelete,
  diff: async () => (await import('./sequences/diff.js')).registerDiff,
  lint: async () => (await import('./sequences/lint.js')).registerLint,
  search: async () => (await import('./sequences/search.js')).registerSearch,
  'where-used': async () => (await import('./sequences/where-used.js')).registerWhereUsed,
  windows: async () => (await import('./deployments/windows.js')).registerWindows,
  revisions: async () => (await import('./sequences/revisions.js')).registerRevisions,
  restore: async () => (await import('./sequences/restore.js')).registerRestore,
  node: async () => (await import('./sequences/node.js')).registerNode,
  copy: async () => (await import('./sequences/copy.js')).registerCopy,
  rename: async () => (await import('./sequences/copy.js')).registerRename,
  export: async () => (await import('./export/export.js')).registerExport,
  lock: async () => (await import('./sequences/lock.js')).registerLock,
  unlock: async () => (await import('./sequences/lock.js')).registerUnlock,
  move: async () => (await import('./sequences/move.js')).registerMove,
  folder: async () => (await import('./sequences/folder.js')).registerFolder,
  deployment: async () => (await import('./deployments/deployment.js')).registerDeployment,
  stop: async () => (await import('./deployments/stop-runs.js')).registerStop,
  rollout: async () => (await import('./deployments/rollout.js')).registerRollout,
  import: async () => (await import('./import/import.js')).registerImport,
  deploy: async () => (await import('./deployments/deploy.js')).registerDeploy,
  watch: async () => (await import('./objects/watch.js')).registerWatch,
  alert: async () => (await import('./monitoring/alert.js')).registerAlert,
  'alert-subscription': async () => (await import('./monitoring/alert-subscription.js')).registerAlertSubscription,
  events: async () => (await import('./monitoring/events.js')).registerEvents,
  webhook: async () => (await import('./monitoring/webhook.js')).registerWebhook,
  audit: async () => (await import('./monitoring/audit.js')).registerAudit,
  // Only for the list in --help: runCli hands these over before commander looks at them.
  run: async () => (program) =>
    void program.command('run').argument('<file>').description('run a task sequence on this computer, no server'),
  explain: async () => (await import('./deployments/explain-device.js')).registerExplain,
  collection: async () => (await import('./devices/collection.js')).registerCollection,
  device: async () => (await import('./devices/device.js')).registerDevice,
  variable: async () => (await import('./devices/variable.js')).registerVariable,
  content: async () => (await import('./content/content.js')).registerContent,
  hierarchy: async () => (await import('./site/hierarchy.js')).registerHierarchy,
  'enrolment-token': async () => (await import('./devices/enrolment-token.js')).registerEnrolmentToken,
  'api-token': async () => (await import('./site/api-token.js')).registerApiToken,
  config: async () => (await import('./site/config.js')).registerConfig,
  version: async () => (await import('./version.js')).registerVersion,
  completion: async () => (await import('./completion.js')).registerCompletion,
};
