import { compileQuery } from './query-sql.js';

const compiled = (query: string) => {
  const values: unknown[] = [];
  return { ...compileQuery(query, (value) => `$${values.push(value)}`), values };
};

describe('a facts query as SQL', () => {
  it.each([
    ['os.id == "debian" && memoryMegabytes >= 4096', ['memoryMegabytes', 'os.id']],
    ['facts.os.id in ["debian", "ubuntu"]', ['os.id']],
    ['os["id"] == "debian"', ['os.id']],
    ['disks.exists(d, d.rotational && d.sizeMegabytes > 1000)', ['disks']],
    ['network.exists(n, n.addresses.exists(a, a.startsWith("10.")))', ['network']],
    ['!has(facts.domain)', ['domain']],
    ['has(machine.uuid)', ['machine.uuid']],
    ['true', []],
  ])('%s reads %j', (query, reads) => {
    expect(compiled(query).reads).toEqual(reads);
  });

  it('never has a text of the query in the statement', () => {
    const { sql, values } = compiled(`os.id == "'; drop table device; --" && hostname.contains("')")`);
    expect(sql).not.toContain('drop');
    expect(values).toEqual([`'; drop table device; --`, `')`]);
  });

  it.each([
    ['os.nmae == "x"', /no computer has the fact "os\.nmae"/],
    ['os.id', /a text, not true or false/],
    ['os.id.matches("^deb")', /"matches" is not supported in rules of collections/],
    ['disks.filter(d, d.rotational).size() == 1', /not supported/],
    ['disks[0].name == "sda"', /square brackets/],
    ['memoryMegabytes + 1 > 2', /not supported/],
    ['disks == []', /./],
    ['os.id = "x"', /found =/],
    ['', /./],
  ])('refuses %s in words', (query, words) => {
    expect(() => compiled(query)).toThrow(words);
  });

  const nested = (depth: number, wrap: (inner: string) => string): string =>
    Array.from({ length: depth }).reduce<string>((inner) => wrap(inner), 'power == "ac"');

  it.each([
    ['choices in choices', nested(60, (inner) => `(${inner} ? true : false)`)],
    ['searches in searches', nested(60, (inner) => `((${inner}) in [true])`)],
    [
      'texts chosen by choices',
      `hostname.endsWith(${Array.from({ length: 50 }).reduce<string>((inner) => `(${inner} == "a" ? "a" : "b")`, 'hostname')})`,
    ],
    ['loops in loops of one name', 'disks.all(d, disks.all(d, disks.all(d, d.name != "x")))'],
    ['loops in loops in loops', 'disks.all(a, disks.all(b, disks.all(c, a.name != b.name && b.name != c.name)))'],
  ])('is refused before its statement grows or runs beyond all bounds: %s', (_, query) => {
    const before = performance.now();
    expect(() => compiled(query)).toThrow(/too long|in each other/);
    expect(performance.now() - before).toBeLessThan(2000);
  });

  it('may nest as authors do', () => {
    expect(compiled(nested(8, (inner) => `(${inner} ? true : false)`)).sql.length).toBeLessThan(100_000);
    expect(compiled('network.exists(n, n.addresses.exists(a, a == "x"))').reads).toEqual(['network']);
  });
});
