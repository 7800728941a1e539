import { Module } from '@nestjs/common';
import { run, type RunSpec, type RunStatus, type RunStep } from '@muster/contracts/kinds/run.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { grpcController } from '@muster/service/resources/grpc.js';
import type { ResourceRules } from '@muster/service/resources/resource-rules.js';
import { ResourceStore } from '@muster/service/resources/resource-store.js';
import { restController } from '@muster/service/resources/rest.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import type { DeploymentConfig } from '../config.js';
import { DevicesModule } from '../devices/devices.module.js';
import { UnknownComputers } from '../devices/unknown-computers.js';
import { FateRepository } from '../fates/fate.repository.js';
import { FatesModule } from '../fates/fates.module.js';
import { Rollouts } from '../rollouts/rollouts.service.js';
import { RolloutsModule } from '../rollouts/rollouts.module.js';
import { EventLog } from '../events/event-log.js';
import { OldRunRepository } from './old-run.repository.js';
import { OldRuns } from './old-runs.js';
import { type StepProgress, toRunStep } from './run-progress.js';
import { RunRecorder } from './run-recorder.js';
import { RunStopController } from './run-stop.controller.js';
import { RunStopGrpcController } from './run-stop.grpc.js';
import { RunStopRepository } from './run-stop.repository.js';
import { RunStops } from './run-stops.service.js';
import { RunMessages } from './run.messages.js';
import { RunRepository } from './run.repository.js';
import { SilenceWatch } from './silence-watch.js';
import { TallyRepository } from './tally.repository.js';

const RUNS = Symbol('runs');

/** Runs are only read here; the recorder makes them. */
function runRules(database: Database, repository: RunRepository): ResourceRules<RunSpec, RunStatus> {
  return {
    status: () => Promise.reject(new Error('runs are made of reports')),
    // A run of many steps that is told often would be written over and over.
    leanFacts: true,
    async derive(runs) {
      const steps = await repository.steps(
        database,
        runs.map(({ metadata }) => metadata.uid),
      );
      return runs.map((one) => ({
        ...one,
        status: { ...one.status, steps: stepsOf(one.status.state, steps.get(one.metadata.uid)) },
      }));
    },
  };
}

/** What had begun when its run fell silent is silent too. */
function stepsOf(state: RunStatus['state'], steps: readonly StepProgress[] = []): RunStep[] {
  const shown = steps.map(toRunStep);
  if (state !== 'silent') return shown;
  return shown.map((step) => (step.state === 'running' ? { ...step, state } : step));
}

@Module({
  imports: [RolloutsModule, DevicesModule, FatesModule],
  controllers: [RunStopController, RunStopGrpcController, restController(run, RUNS), grpcController(run, RUNS)],
  providers: [
    RunStops,
    RunMessages,
    { provide: RunStopRepository, useFactory: () => new RunStopRepository() },
    { provide: RunRepository, useFactory: () => new RunRepository() },
    {
      provide: RUNS,
      inject: [Database, Outbox, RunRepository],
      useFactory: (database: Database, outbox: Outbox, repository: RunRepository) =>
        new ResourceStore(run, 'run_document', database, outbox, runRules(database, repository)),
    },
    {
      provide: RunRecorder,
      inject: [RUNS, RunRepository, Rollouts, Outbox, EventLog, UnknownComputers, FateRepository],
      useFactory: (
        runs: ResourceStore<RunSpec, RunStatus>,
        repository: RunRepository,
        rollouts: Rollouts,
        outbox: Outbox,
        events: EventLog,
        unknown: UnknownComputers,
        fates: FateRepository,
      ) => new RunRecorder(runs, repository, rollouts, outbox, new TallyRepository(), events, unknown, fates),
    },
    {
      provide: OldRuns,
      inject: [Database, RUNS, Outbox, CONFIG, LOGGER],
      useFactory: (
        database: Database,
        runs: ResourceStore<RunSpec, RunStatus>,
        outbox: Outbox,
        config: DeploymentConfig,
        logger: Logger,
      ) => new OldRuns(database, runs, new OldRunRepository(), outbox, config.MUSTER_KEEP_RUNS_DAYS, logger),
    },
    {
      provide: SilenceWatch,
      inject: [Database, RUNS, RunRepository, Outbox, EventLog, CONFIG, LOGGER],
      useFactory: (
        database: Database,
        runs: ResourceStore<RunSpec, RunStatus>,
        repository: RunRepository,
        outbox: Outbox,
        events: EventLog,
        config: DeploymentConfig,
        logger: Logger,
      ) => new SilenceWatch(database, runs, repository, outbox, events, config.MUSTER_ROLLOUT_GRACE_SECONDS, logger),
    },
  ],
  exports: [RunRecorder],
})
export class RunsModule {}
