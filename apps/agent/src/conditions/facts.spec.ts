import { probeFacts } from './facts.js';

describe('a condition that asks for facts', () => {
  const gather = async () => ({ hostname: 'a' });
  const curl = { name: 'curl', version: '8.14.1-2' };
  const query = (facts: string) => ({ facts });

  it('asks for the installed software too, and looks for it only where the query names it', async () => {
    let looks = 0;
    const software = async () => {
      looks += 1;
      return { software: [curl], leftOut: 0 };
    };
    const asks = query('software.exists(s, s.name == "curl" && s.version.startsWith("8."))');
    expect(await probeFacts(asks, gather, software)).toMatchObject({ result: true });
    expect(await probeFacts(query('hostname == "a"'), gather, software)).toMatchObject({ result: true });
    expect(looks).toBe(1);
  });

  it.each([
    ['nobody can say what is installed', undefined],
    ['more is installed than is told', { software: [], leftOut: 1 }],
  ])('has no answer where %s', async (_, told) => {
    const asked = probeFacts(query('software.all(s, s.name != "curl")'), gather, async () => told);
    await expect(asked).rejects.toMatchObject({ code: 'condition.query-failed' });
  });
});
