import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { podOf, renderOverlay, root } from './rendered-site.js';

const text = readFileSync(join(root, 'Dockerfile'), 'utf8');
const stages = text.split(/^FROM /m).slice(1);
const last = stages.at(-1) ?? '';
const containers = renderOverlay('primary')
  .filter(({ kind }) => kind === 'Deployment' || kind === 'Job')
  .flatMap((object) => {
    const pod = podOf(object)?.spec;
    return (pod?.containers ?? []).map((container) => ({ container, pod }));
  });

/** No engine builds the image where the tests run; what can be seen without one is held here. */
describe('the image of all services', () => {
  it('is made in stages, and has neither sources nor tools of the build', () => {
    expect(stages.length).toBeGreaterThan(2);
    expect(last).not.toMatch(/^RUN |^COPY (?!--from)/m);
  });

  it('copies what there is', () => {
    const sources = [...text.matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, words = '']) =>
      words.split(' ').slice(0, -1),
    );
    expect(sources).toContain('package-lock.json');
    expect(sources.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('is run as the user that it names, by a program that it has', () => {
    const [, user, group] = /^USER (\d+):(\d+)$/m.exec(last) ?? [];
    expect(containers.length).toBe(8);
    for (const { container, pod } of containers) {
      const { runAsUser, runAsGroup } = pod?.securityContext ?? {};
      expect([String(runAsUser), String(runAsGroup)]).toEqual([user, group]);
      const source = container.args?.[0]?.replace(/^dist\/(.*)\.js$/, '$1.ts') ?? '';
      expect([container.args, existsSync(join(root, source))]).toEqual([container.args, true]);
    }
    expect(last).toMatch(/^ENTRYPOINT \["node"\]$/m);
  });

  it('is built without what belongs to sites of the machine that builds it', () => {
    expect(readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')).toEqual(
      expect.arrayContaining(['.muster', '.git', '**/node_modules', 'dist']),
    );
  });
});
