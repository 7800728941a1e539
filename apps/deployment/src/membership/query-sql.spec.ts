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
    [
      'software.exists(s, s.name == "firefox-esr" && s.version.startsWith("128"))',
      ['software.told', 'software=firefox-esr'],
    ],
    ['software.exists(s, s.version == "1" && s.name.startsWith("linux-"))', ['software.told', 'software^linux-']],
    [
      'software.exists(s, s.name in ["a", "b"] || "c" == s.name)',
      ['software.told', 'software=a', 'software=b', 'software=c'],
    ],
    ['software.all(s, s.name != "telnetd" || s.version == "2")', ['software.told', 'software=telnetd']],
    ['software.all(s, !(s.name == "a" && s.version == "2"))', ['software.told', 'software=a']],
    // Any entry decides.
    ['software.exists(s, s.name == "a" || s.version == "2")', ['software', 'software.told']],
    ['software.all(s, s.name == "a")', ['software', 'software.told']],
    ['software.exists(s, s.name != "a")', ['software', 'software.told']],
    ['software.exists(s, !s.name.startsWith("a"))', ['software', 'software.told']],
    ['software.exists(s, s.name.contains("a"))', ['software', 'software.told']],
    ['software.exists(s, s.name == s.version)', ['software', 'software.told']],
    // No name is as long.
    [`software.exists(s, s.name == "${'x'.repeat(257)}")`, ['software.told']],
    ['os.id == "debian" && !has(facts.software)', ['os.id', 'software.told']],
    ['size(facts.software) > 10', ['software.count', 'software.told']],
    ['filesystems.exists(f, f.freeMegabytes * 100 / f.sizeMegabytes < 10)', ['filesystems']],
    ['-(memoryMegabytes / 1024) % 2 == 0', ['memoryMegabytes']],
    ['os.id + "-" + string(cpu.cores) == "debian-8"', ['cpu.cores', 'os.id']],
    [
      '(onInternet ? memoryMegabytes : 1.5) > double(cpu.megahertz)',
      ['cpu.megahertz', 'memoryMegabytes', 'onInternet'],
    ],
    ['machine.model.matches("(?i)^thinkpad")', ['machine.model']],
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
    ['os.id.matches(hostname)', /a pattern of "matches" that is no text of the query itself/],
    ['memoryMegabytes.matches("1")', /"matches" of what is no text/],
    ['os.id.matches("^(deb")', /a "\(" without its "\)", at its character 2/],
    ['disks.filter(d, d.rotational).size() == 1', /not supported/],
    ['disks[0].name == "sda"', /square brackets/],
    ['software.exists(s, s.name == hostname)', /"hostname" cannot be asked in a loop over software, only beside it/],
    ['disks.exists(d, software.exists(s, s.name == d.name))', /"d" cannot be asked in a loop over software/],
    ['software.exists(s, software.exists(t, t.name == s.name))', /"software" cannot be asked in a loop over software/],
    ['software.exists(s, s.nmae == "x")', /no computer has the fact/],
    ['"firefox" in software', /"in" of software is not supported/],
    ['software[0].name == "x"', /square brackets/],
    ['software.filter(s, s.name == "x").size() > 0', /not supported/],
    ['memoryMegabytes + 1.5 > 2.0', /"\+" does not fit a whole number and a decimal number: double\(…\)/],
    ['hostname + memoryMegabytes == "x"', /"\+" does not fit a text and a whole number: string\(…\)/],
    ['os.versionId - 1 > 10', /"-" does not fit a text and a whole number: int\(…\)/],
    ['os.versionId * 1.5 > 10.0', /double\(…\) makes a number of a text/],
    ['2.0 % 2.0 == 0.0', /"%" does not fit a decimal number and a decimal number$/],
    ['1u + 1u == 2u', /without sign is not supported/],
    ['disks + disks == 2', /"\+" does not fit a list and a list/],
    ['-hostname == "x"', /"-" before a text/],
    ['(onInternet ? 1 : 2.5) + 1 > 2', /decimal number and a whole number/],
    ['string(1.5) == "1.5"', /the text of a decimal number is not supported/],
    ['bool(1)', /true or false of a whole number/],
    ['type(hostname) == string', /not supported/],
    ['uint(memoryMegabytes) > 1u', /"uint" is not supported/],
    ['disks == []', /./],
    ['os.id = "x"', /found =/],
    ['', /./],
  ])('refuses %s in words', (query, words) => {
    expect(() => compiled(query)).toThrow(words);
  });

  const nested = (depth: number, wrap: (inner: string) => string): string =>
    Array.from({ length: depth }).reduce<string>((inner) => wrap(inner), 'power == "ac"');

  it.each([
    ['searches in searches', nested(60, (inner) => `((${inner}) in [true])`)],
    ['loops in loops of one name', 'disks.all(d, disks.all(d, disks.all(d, d.name != "x")))'],
    ['loops in loops in loops', 'disks.all(a, disks.all(b, disks.all(c, a.name != b.name && b.name != c.name)))'],
  ])('is refused before its statement grows or runs beyond all bounds: %s', (_, query) => {
    const before = performance.now();
    expect(() => compiled(query)).toThrow(/too long|in each other/);
    expect(performance.now() - before).toBeLessThan(2000);
  });

  it('may nest as authors do', () => {
    expect(compiled(nested(60, (inner) => `(${inner} ? true : false)`)).sql.length).toBeLessThan(5_000);
    expect(compiled(`${'1 + '.repeat(60)}memoryMegabytes > 0`).sql.length).toBeLessThan(20_000);
    const chosen = Array.from({ length: 50 }).reduce<string>((inner) => `(${inner} == "a" ? "a" : "b")`, 'hostname');
    expect(compiled(`hostname.startsWith(${chosen})`).sql.length).toBeLessThan(5_000);
    expect(compiled('network.exists(n, n.addresses.exists(a, a == "x"))').reads).toEqual(['network']);
  });
});
