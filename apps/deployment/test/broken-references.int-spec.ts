import { contentKey } from '@muster/contracts/kinds/content-reference.js';
import { resolveContent } from '@muster/contracts/requests/resolve-content.js';
import { applicationSchema } from '@muster/sequence/applications/application.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { document } from './api.js';
import { Producer } from './producer.js';
import { openWorld, type Deployment, type World } from './world.js';

const installs = (name: string, more: object = {}) => ({
  step: `Install ${name}`,
  type: 'InstallPackage',
  settings: { package: name, program: 'go' },
  ...more,
});

const application = applicationSchema.parse({
  deploymentTypes: [{ name: 'any', install: { command: 'true' }, detection: { file: '/x' } }],
});

describe('a sequence that names what is not there', () => {
  let servers: TestServers;
  let world: World;
  let content: Producer;
  const there = new Set<string>();
  const letters: Record<string, string> = { broken: 'a', sound: 'b', child: 'c' };

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers);
    content = await Producer.open('content', servers.environment('content'));
    content.bus.answer(
      resolveContent,
      async ({ contents = [], applications = [] }) => ({
        packages: [],
        contents: contents.map((one) => ({ ...one, exists: there.has(contentKey(one)), distributed: null })),
        // One document fits into an answer.
        applications: applications.slice(0, 1).map((name) => ({
          name,
          spec: there.has(contentKey({ kind: 'Application', name })) ? application : null,
        })),
      }),
      () => undefined,
    );
  });

  afterAll(async () => {
    await content?.close();
    await world?.close();
    await servers?.stop();
  });

  const revise = (name: string, spec: SequenceSpec): void => {
    Object.assign(world.revise(name, letters[name]!), { spec });
  };
  const spec = { sequence: 'broken', collection: 'all-devices', purpose: 'Available' };
  const places = async (): Promise<string[]> => {
    const problem = await world.api.refused('PUT', 'deployments/new', document('Deployment', 'new', spec));
    expect(problem).toMatchObject({ status: 409, code: 'deployment.broken-reference' });
    return (problem.findings ?? []).map(({ message }) => message);
  };

  it('is not deployed: every child, content and application that is missing is told with its node', async () => {
    const app = { step: 'App', type: 'InstallApplication', settings: { applications: ['there', 'gone-app'] } };
    revise('broken', {
      steps: [{ sequence: 'child' }, { sequence: 'gone-child' }, { group: 'G', steps: [app] }],
    });
    revise('child', { steps: [installs('gone-tool'), installs('tool'), { sequence: 'broken' }] });
    there.add('Application/there').add('Package/tool');
    expect(await places()).toEqual([
      'broken: /spec/steps/1 names TaskSequence "gone-child", and there is none',
      'broken: /spec/steps/2/steps/0 names Application "gone-app", and there is none',
      'child: /spec/steps/0 names Package "gone-tool", and there is none',
    ]);
  });

  it('is deployed when only disabled nodes name it, and everything else is there though no point has it yet', async () => {
    const off = { group: 'Off', disabled: true, steps: [installs('gone-tool'), { sequence: 'gone-child' }] };
    revise('sound', { steps: [installs('tool'), off] });
    await world.api.apply<Deployment>('Deployment', 'deployments', 'sound', { ...spec, sequence: 'sound' });
  });

  it('lets what is deployed already be held and changed, whatever is missing by then', async () => {
    there.clear();
    const held = { ...spec, sequence: 'sound', hold: 'Runs' };
    const changed = await world.api.apply<Deployment>('Deployment', 'deployments', 'sound', held);
    expect(changed.spec.hold).toBe('Runs');
  });
});
