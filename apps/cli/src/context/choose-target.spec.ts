import { candidateTokens, withLocalContext } from '../up-command/local-context.js';
import { chooseTarget } from './choose-target.js';
import type { ContextFile } from './context-file.js';

const file: ContextFile = {
  current: 'berlin',
  contexts: {
    berlin: { server: 'https://berlin.example/', token: 'tb' },
    local: { server: 'http://127.0.0.1:7700', token: 'tl' },
  },
};
const choose = (flags: object, environment: Record<string, string> = {}, contexts = file) =>
  chooseTarget({ flags, environment, file: contexts });

describe('choosing the site', () => {
  it('takes the current context', () => {
    expect(choose({})).toEqual({ server: 'https://berlin.example', token: 'tb' });
  });

  it('prefers a context by name, the environment to it, and flags to everything', () => {
    expect(choose({ context: 'local' })).toEqual({ server: 'http://127.0.0.1:7700', token: 'tl' });
    const environment = { MUSTER_SERVER: 'http://e:1', MUSTER_TOKEN: 'te' };
    expect(choose({}, environment)).toEqual({ server: 'http://e:1', token: 'te' });
    expect(choose({ context: 'local' }, environment)).toEqual({ server: 'http://127.0.0.1:7700', token: 'tl' });
    expect(choose({ server: 'http://f:2', token: 'tf' }, environment)).toEqual({ server: 'http://f:2', token: 'tf' });
  });

  it("never sends a context's token to another server", () => {
    expect(choose({ server: 'http://elsewhere:1' })).toEqual({ server: 'http://elsewhere:1', token: undefined });
    expect(choose({ server: 'https://berlin.example' })).toEqual({ server: 'https://berlin.example', token: 'tb' });
  });

  it('names the known contexts when one is unknown', () => {
    expect(() => choose({ context: 'paris' })).toThrow('there is no context "paris"; known contexts: berlin, local');
    expect(() => choose({ context: 'constructor' })).toThrow('there is no context "constructor"');
  });

  it('says how to get a site when there is none', () => {
    expect(() => choose({}, {}, { contexts: {} })).toThrow(
      expect.objectContaining({ code: 'config.no-server', exitCode: 2 }),
    );
  });

  it.each(['nonsense', 'ftp://x', 'http://x/?a=1'])('refuses "%s" as an address', (server) => {
    expect(() => choose({ server })).toThrow(expect.objectContaining({ code: 'config.server-address' }));
  });
});

describe('the context of a site on this computer', () => {
  it('becomes the current one when there is none', () => {
    expect(withLocalContext({ contexts: {} }, 'http://127.0.0.1:7700', 't')).toEqual({
      current: 'local',
      contexts: { local: { server: 'http://127.0.0.1:7700', token: 't' } },
    });
  });

  it('leaves the choice of another site alone', () => {
    expect(withLocalContext(file, 'http://127.0.0.1:7700', 't').current).toBe('berlin');
  });

  it('keeps the token of a former local site', () => {
    const { contexts } = withLocalContext(file, 'http://127.0.0.1:8800', 'new');
    expect(contexts['local']).toEqual({ server: 'http://127.0.0.1:8800', token: 'new' });
    expect(contexts['local-7700']).toEqual({ server: 'http://127.0.0.1:7700', token: 'tl' });
  });

  it('has one name, also when another local site had it meanwhile', () => {
    const [one, other] = ['http://127.0.0.1:7700', 'http://127.0.0.1:8800'];
    const between = withLocalContext(withLocalContext({ contexts: {} }, one!, 't1'), other!, 't2');
    expect(withLocalContext(between, one!, 't1')).toEqual({
      current: 'local',
      contexts: { local: { server: one, token: 't1' }, 'local-8800': { server: other, token: 't2' } },
    });
  });

  it('is found again by address first, then among the local ones; tokens of other sites are not tried', () => {
    const several: ContextFile = {
      contexts: { ...file.contexts, 'local-8800': { server: 'http://127.0.0.1:8800', token: 't8' } },
    };
    expect(candidateTokens(several, 'http://127.0.0.1:8800', {})).toEqual(['t8', 'tl']);
    expect(candidateTokens(several, 'http://127.0.0.1:9', { MUSTER_TOKEN: 'te' })).toEqual(['te', 'tl', 't8']);
  });
});

it('finds the token of a site of a hierarchy again, also at another port', () => {
  const contexts = {
    CEN: { server: 'http://127.0.0.1:7700', token: 'c' },
    PR1: { server: 'http://127.0.0.1:7701', token: 'p' },
  };
  expect(candidateTokens({ contexts }, 'http://127.0.0.1:8801', {}, 'PR1')).toEqual(['p']);
  const moved = withLocalContext({ current: 'CEN', contexts }, 'http://127.0.0.1:8801', 'p', {
    name: 'PR1',
    site: 'PR1',
  });
  expect(moved).toEqual({
    current: 'CEN',
    contexts: { ...contexts, PR1: { server: 'http://127.0.0.1:8801', token: 'p', site: 'PR1' } },
  });
});

describe('--site', () => {
  const server = (port: number) => `http://127.0.0.1:${port}`;
  const contexts = {
    PR1: { server: server(1), token: 'one', site: 'PR1' },
    'PR1-7701': { server: server(2), token: 'former', site: 'PR1' },
    local: { server: server(3), token: 'alone', site: 'S01' },
    ulm: { server: server(4), site: 'ULM' },
    'ulm-test': { server: server(5), site: 'ULM' },
    CEN: { server: server(6) },
  };
  const choose = (flags: object, environment = {}) =>
    chooseTarget({ flags, environment, file: { current: 'local', contexts } });

  it('finds the context that is called so, or the only one of that site, with its token', () => {
    expect(choose({ site: 'PR1' })).toEqual({ server: server(1), token: 'one' });
    expect(choose({ site: 'S01' })).toEqual({ server: server(3), token: 'alone' });
    expect(choose({ site: 'CEN' })).toEqual({ server: server(6), token: undefined });
    // What a command line says counts more than the environment.
    expect(choose({ site: 'PR1' }, { MUSTER_SERVER: server(9), MUSTER_TOKEN: 'other' })).toEqual({
      server: server(1),
      token: 'one',
    });
  });

  it('does not guess: an unknown site, several contexts of one, and --context beside it are refused', () => {
    expect(() => choose({ site: 'XXX' })).toThrow(expect.objectContaining({ code: 'config.unknown-site' }));
    expect(() => choose({ site: 'ULM' })).toThrow(expect.objectContaining({ code: 'config.several-sites' }));
    expect(() => choose({ site: 'PR1', context: 'local' })).toThrow(expect.objectContaining({ code: 'cli.usage' }));
  });
});
