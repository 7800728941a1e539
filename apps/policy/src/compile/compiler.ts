import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Assignment } from '@muster/contracts/agent/policy.js';
import type { Digest } from '@muster/contracts/digest.js';
import { deploymentJudged } from '@muster/contracts/events/deployment-judged.js';
import type { DeploymentPolicy } from '@muster/contracts/kinds/deployment.js';
import { readSequence, type SequenceRevision } from '@muster/contracts/requests/read-sequence.js';
import { Bus } from '@muster/messaging/bus.js';
import { Loop } from '@muster/messaging/loop.js';
import { Database, type Transaction } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { MusterError } from '@muster/platform/errors.js';
import { Metrics } from '@muster/service/health/metrics.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import { Gauge } from 'prom-client';
import { LiveState } from '../live/live-state.js';
import {
  buildBody,
  childSpecs,
  judgeChildren,
  judgeSequence,
  neededContent,
  type Outcome,
  unknownSequence,
} from './build-body.js';
import { collectApplications, type Applications } from './collect-applications.js';
import { collectChildren, type Children } from './collect-children.js';
import { CompileRepository, type Claim } from './compile.repository.js';
import { readApplications, resolveNeeds } from './content-questions.js';

const IDLE_MILLISECONDS = 1_000;
const AT_ONCE = 10;
/** Names on a long way to a problem. */
const MESSAGE_LENGTH = 2_000;
/** A sequence may have 2 MB. */
const SEQUENCES_ASKED_AT_ONCE = 4;
/** What is blocked is looked at again by the facts that may free it; this is for a fact that told nothing. */
const LOOK_AGAIN_SECONDS = 30;
/** After a service that did not answer. */
const TRY_AGAIN_SECONDS = 2;

/**
 * Turns deployments into bodies and assignments. Takes no input but the work list, may be repeated and interrupted
 * anywhere, and runs in every replica: by a nudge after facts, by a timer otherwise. A deployment that expires is due
 * at that moment, so that time passing is a commit like any other change of policy.
 */
@Injectable()
export class Compiler implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Bus) private readonly bus: Bus,
    @Inject(CompileRepository) private readonly work: CompileRepository,
    @Inject(LiveState) private readonly live: LiveState,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Metrics) metrics: Metrics,
  ) {
    this.loop = new Loop(
      () => this.round(),
      IDLE_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot compile policy right now; trying again'),
    );
    const blocked = new Gauge({
      name: 'muster_policy_blocked',
      help: 'Deployments whose policy waits for something: the log says what',
      registers: [],
      async collect() {
        this.set(await work.countBlocked(database));
      },
    });
    metrics.registry.registerMetric(blocked);
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
  }

  /** Something may be due. */
  nudge(): void {
    this.loop.nudge();
  }

  private async round(): Promise<void> {
    let claims: Claim[];
    do {
      claims = await this.work.claim(this.database, AT_ONCE);
      await Promise.all(claims.map((claim) => this.compile(claim)));
    } while (claims.length === AT_ONCE);
  }

  private async compile(claim: Claim): Promise<void> {
    try {
      const outcome = await this.decide(claim);
      const kept = await this.keep(claim, outcome);
      if (kept) this.say(claim, outcome);
    } catch (error) {
      await this.work.release(this.database, claim.uid, TRY_AGAIN_SECONDS);
      if (!(error instanceof MusterError)) throw error;
      this.logger.warn(
        { err: error.cause, code: error.code, deployment: claim.name },
        `cannot compile right now: ${error.message}`,
      );
    }
  }

  /** Asks and decides; outside of any transaction. */
  private async decide(claim: Claim): Promise<Outcome> {
    if (claim.expired)
      return { kind: 'withdrawn', code: 'policy.expired', reason: `expired at ${claim.rules.expiresAt}` };
    const { availableTo } = claim.rules;
    if (isForMediaOnly(availableTo))
      return { kind: 'withdrawn', code: 'policy.media-only', reason: `it is for boot media and PXE (${availableTo})` };
    const { sequence } = await this.bus.request(readSequence, { digest: claim.sequenceDigest });
    if (!sequence) return unknownSequence(claim.sequenceDigest);
    const withdrawn = judgeSequence(sequence) ?? (await this.judgePinned(claim));
    if (withdrawn) return withdrawn;
    const children = await this.childrenOf(claim, sequence);
    const problem = judgeChildren(sequence, children);
    if (problem) return problem;
    const specs = [sequence.spec, ...Object.values(childSpecs(children))];
    const applications = await this.applicationsOf(claim, specs);
    const needed = neededContent(specs, applications);
    // First of all, so that no fact about them goes by between the question and the end of this compilation.
    await this.database.transaction(async (tx) => {
      await this.work.setSequences(tx, claim.uid, [...pinnedTo(claim), ...children.revisions.keys()]);
      await this.work.setContent(tx, claim.uid, [...needed, ...named(applications.documents.keys())]);
    });
    const { packages, others } = await resolveNeeds(this.bus, needed);
    const { fetchAhead } = claim.rules;
    return buildBody(sequence, children, packages, { others, applications, fetchAhead });
  }

  /** A sequence that is disabled is deployed to nobody, whichever of its revisions a deployment stays with. */
  private async judgePinned({ uid, pinnedTo: name }: Claim): Promise<Outcome | undefined> {
    if (name === null) return undefined;
    await this.database.transaction((tx) => this.work.addSequence(tx, uid, name));
    const { sequence: newest } = await this.bus.request(readSequence, { name });
    return newest ? judgeSequence(newest) : undefined;
  }

  /** The applications that steps name and what comes with them. As with children: facts about them concern this deployment. */
  private async applicationsOf(claim: Claim, specs: readonly SequenceSpec[]): Promise<Applications> {
    return collectApplications(specs, async (names) => {
      await this.database.transaction((tx) => this.work.addContent(tx, claim.uid, named(names)));
      return readApplications(this.bus, names);
    });
  }

  /** The newest revision of each child. As with packages: facts about them concern this deployment before they are asked for. */
  private async childrenOf(claim: Claim, sequence: SequenceRevision): Promise<Children> {
    const all = pinnedTo(claim);
    return collectChildren(sequence, async (names) => {
      all.push(...names);
      await this.database.transaction((tx) => this.work.setSequences(tx, claim.uid, all));
      const found: (SequenceRevision | null)[] = [];
      for (let first = 0; first < names.length; first += SEQUENCES_ASKED_AT_ONCE) {
        const some = names.slice(first, first + SEQUENCES_ASKED_AT_ONCE);
        const answers = await Promise.all(some.map((name) => this.bus.request(readSequence, { name })));
        found.push(...answers.map((answer) => answer.sequence));
      }
      return found;
    });
  }

  /** One transaction; false when the outcome came too late to count. */
  private async keep(claim: Claim, outcome: Outcome): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      await this.live.lock(tx);
      if (outcome.kind === 'compiled') await this.work.saveBody(tx, outcome);
      const told = assignmentAfter(claim, outcome) ?? (await this.stopOf(tx, claim));
      const policy = policyOf(outcome);
      const changed = await this.work.finish(tx, claim, {
        state: policy.state,
        code: policy.code ?? null,
        reason: policy.message ?? null,
        assignment: told,
        dueAt: dueAt(claim, outcome),
      });
      if (changed === undefined) {
        tx.afterCommit(() => this.nudge());
        return false;
      }
      if (told !== 'keep') await this.work.nameBody(tx, claim.uid, told?.body ?? null);
      if (changed) await this.live.policyChanges(tx, { collection: claim.collectionUid });
      const body = outcome.kind === 'compiled' ? outcome.digest : undefined;
      if (isNews(claim, policy) || (body !== undefined && body !== claim.body))
        await this.outbox.add(tx, deploymentJudged, { deploymentUid: claim.uid, policy, ...(body && { body }) });
      return true;
    });
  }

  /** A deployment that is stopped tells it also where it begins nowhere any more, expired or disabled: its runs may go on yet. */
  private async stopOf(tx: Transaction, claim: Claim): Promise<Assignment | null> {
    if (claim.rules.hold !== 'Runs') return null;
    const body = await this.work.lastBody(tx, claim.uid);
    return body === undefined ? null : assignmentOf(claim, body);
  }

  private say(claim: Claim, outcome: Outcome): void {
    const policy = policyOf(outcome);
    if (!isNews(claim, policy)) return;
    const { state, code, message } = policy;
    const { uid, name, generation } = claim;
    this.logger.info(
      { deployment: { uid, name, generation }, state, code, reason: message },
      `policy of deployment "${name}" is ${state}${message === undefined ? '' : `: ${message}`}`,
    );
  }
}

/** Agents in the installed system see nothing of it. */
function isForMediaOnly(availableTo: Assignment['availableTo']): boolean {
  return availableTo === 'MediaAndPxe' || availableTo === 'MediaAndPxeHidden';
}

/** What concerns a deployment beside the children of its revision. */
function pinnedTo({ pinnedTo: name }: Claim): string[] {
  return name === null ? [] : [name];
}

function named(applications: Iterable<string>): { kind: string; name: string }[] {
  return [...applications].map((name) => ({ kind: 'Application', name }));
}

/** What people are told of an outcome. */
function policyOf(outcome: Outcome): DeploymentPolicy {
  if (outcome.kind === 'compiled') return { state: 'compiled' };
  return { state: outcome.kind, code: outcome.code, message: outcome.reason.slice(0, MESSAGE_LENGTH) };
}

function isNews({ state, code, reason }: Claim, policy: DeploymentPolicy): boolean {
  return state !== policy.state || code !== (policy.code ?? null) || reason !== (policy.message ?? null);
}

/** What devices are told from now on. Blocked after it was compiled, they go on with what they have been told. */
function assignmentAfter(claim: Claim, outcome: Outcome): Assignment | null | 'keep' {
  if (outcome.kind === 'compiled') {
    const { digest, programSettings } = outcome;
    return { ...assignmentOf(claim, digest), ...(programSettings && { programSettings }) };
  }
  return outcome.kind === 'blocked' && !outcome.suspends ? 'keep' : null;
}

/** What devices are told of a compiled deployment; what they are told of its rollout is added where it is kept. */
export function assignmentOf(claim: Claim, digest: Digest): Assignment {
  const { uid, name, generation, createdAt, rules } = claim;
  return {
    deployment: { uid, name, generation, createdAt: createdAt.toISOString() },
    ...rules,
    body: digest,
  };
}

function dueAt(claim: Claim, outcome: Outcome): Date | null {
  const expires = claim.expired ? null : claim.expiresAt;
  if (outcome.kind !== 'blocked') return expires;
  const again = new Date(Date.now() + LOOK_AGAIN_SECONDS * 1000);
  return expires !== null && expires < again ? expires : again;
}
