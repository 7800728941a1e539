import * as fc from 'fast-check';
import { type Facts, evaluateFactsQuery, inspectFactsQuery } from './facts-query.js';
import { factsSchema } from './facts-schema.js';

const facts: Facts = {
  os: { id: 'debian', versionId: '12', family: 'debian', architecture: 'x64' },
  hostname: 'web-1',
  memoryMegabytes: 2048,
  machine: { manufacturer: 'LENOVO', model: 'ThinkPad X1' },
  disks: [
    { name: 'sda', sizeMegabytes: 240_000, rotational: false },
    { name: 'sdb', sizeMegabytes: 4_000_000, rotational: true },
  ],
  network: [{ name: 'eth0', mac: '02:00:00:00:00:01', addresses: ['10.1.2.3', 'fe80::1'] }],
  power: 'ac',
};
const answer = (query: string): unknown => {
  const evaluated = evaluateFactsQuery(query, facts);
  return 'problem' in evaluated ? evaluated.problem : evaluated.result;
};

it('uses facts that fit their schema', () => {
  expect(factsSchema.parse(facts)).toEqual(facts);
});

describe('a facts query', () => {
  it.each([
    ['os.id == "debian" && memoryMegabytes >= 2048', true],
    ['memoryMegabytes > 2047.5', true],
    ['facts.os.id == "debian"', true],
    ['os["id"] == "debian"', true],
    ['os.id in ["debian", "ubuntu"]', true],
    ['power == "battery" || hostname.startsWith("web-")', true],
    ['machine.model.matches("^Think(Pad|Centre)")', true],
    ['disks.exists(d, d.rotational && d.sizeMegabytes > 1000000)', true],
    ['disks.all(d, d.rotational)', false],
    ['disks.filter(d, d.rotational).size() == 1', true],
    ['disks.map(d, d.name) == ["sda", "sdb"]', true],
    ['disks[0].name == "sda"', true],
    ['network.exists(n, n.addresses.exists(a, a.startsWith("10.")))', true],
    ['has(machine.uuid)', false],
    ['has(facts.domain) && domain == "example.org"', false],
    ['os.id == "debian" ? power == "ac" : false', true],
    // Another type is not equal, as in CEL.
    ['os.versionId == 12', false],
    ['int(os.versionId) >= 12', true],
    ['memoryMegabytes / 1000 * 3 - 7 % 4 == 3', true],
    ['-7 / 2 == -3 && -7 % 2 == -1', true],
    ['double(memoryMegabytes) / 3000.0 < 0.7', true],
    ['os.id + "-" + string(memoryMegabytes) == "debian-2048"', true],
    // Characters in the order of their code points, whether or not they are written in two halves.
    ['"\\uFFFD" < "\\U00010000"', true],
    ['"\\uD7FF" < "\\uE000" && !("\\U00010000" <= "\\uE000")', true],
    ['"a" < "ab" && "ab" >= "a"', true],
  ])('%s is %s', (query, expected) => {
    expect(answer(query)).toBe(expected);
  });

  it.each([
    ['domain == "x"', /has\(facts\.NAME\)/],
    ['os.language == "de-DE"', /language/],
    ['memoryMegabytes', /answers a number, not true or false/],
    ['1 + 1', /type int, not true or false/],
    ['1 / 0 == 1', /divide by zero/],
    ['1.0 / 0.0 > 1.0', /double divide by zero/],
    ['1e100 * 2.0 > 1.0', /beyond 1e\+100/],
    ['1e-100 / 2.0 < 1.0', /nearer to 0 than 1e-100/],
    ['9223372036854775807 + 1 > 0', /overflow/],
    ['-9223372036854775808 / -1 > 0', /overflow/],
    ['memoryMegabytes % 0 == 0', /modulus by zero/],
    ['int("") == 0', /no whole number/],
    ['int("0x10") == 16', /no whole number/],
    ['int("9223372036854775808") > 0', /overflow/],
    ['double("") == 0.0', /no number/],
    ['double("1e999") > 0.0', /beyond/],
    ['double("1e-999") >= 0.0', /beyond|nearer/],
    ['disks[7].name == "sda"', /out of bounds/],
    ['os.id - 1 == 2', /no matching overload/],
    ['constructor == 1', /has\(facts\.NAME\)/],
    ['os.constructor == 1', /constructor/],
    ['__proto__ == 1', /has\(facts\.NAME\)/],
    ['facts.__proto__ == 1', /__proto__/],
    ['toString() == ""', /no function "toString"/],
  ])('%s is a problem and not a false', (query, problem) => {
    expect(answer(query)).toMatch(problem);
  });

  it.each([
    ['', /found end of input/],
    ['os.id = "debian"', /at 1:7: found =/],
    ['os.id == "debian"; true', /found ;/],
    ['os.id == "debian', /found/],
    ['${os.id} == 1', /found \$/],
    ['os.id == "\\ud800"', /surrogate/],
    ['os.id == "\\U00110000"', /./],
    ['timestamp("2026-01-01T00:00:00Z") > x', /no function "timestamp"/],
    ['b"a" == b"a"', /bytes/],
    ['google.protobuf.Value{} == 1', /no type/],
    ['has(machine)', /has\(machine\.uuid\)/],
    ['disks.exists(d)', /disks\.exists\(d, /],
    ['@charge(1, true)', /found @/],
    ['x'.repeat(4001), /4000 are allowed/],
  ])('%s is refused when the document is saved', (query, problem) => {
    const inspected = inspectFactsQuery(query);
    expect('problem' in inspected ? inspected.problem : '').toMatch(problem);
  });

  it.each<[string, string[]]>([
    ['os.nmae == "x" && memory > 1', ['os.nmae', 'memory']],
    ['disks.exists(d, d.size > 1)', ['d.size']],
    ['disks[0].size > 1', ['disks[…].size']],
    ['has(machine.serial) || os["ID"] == "x"', ['machine.serial', 'os.ID']],
    ['facts.smell == "x"', ['facts.smell']],
    ['network.all(n, n.addresses.all(a, a != n.mask))', ['n.mask']],
    // The variable of a loop hides a fact of its name; what a text or a list written here has is not looked at.
    ['disks.exists(os, os.name == "sda")', []],
    ['["a"].exists(x, x == os.id)', []],
    ['type(os.id) == string && {"a": 1}.a == 1', []],
    ['.os.id == "debian"', []],
  ])('%s names the unknown facts %j', (query, unknown) => {
    expect(inspectFactsQuery(query)).toEqual({ unknownFacts: unknown });
  });

  it('never names a fact unknown that the schema has, and answers something for any text', () => {
    const words = [
      'os',
      '.id',
      '.name',
      '==',
      '"x"',
      '&&',
      '(',
      ')',
      'disks',
      '.exists(d,',
      'd',
      '[',
      ']',
      '0',
      '!',
      ',',
      '%',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 12 }), (parts) => {
        const query = parts.join(' ');
        const inspected = inspectFactsQuery(query);
        const evaluated = evaluateFactsQuery(query, facts);
        if ('problem' in inspected) expect(evaluated).toEqual(inspected);
        else expect(inspected.unknownFacts.filter((name) => /^(os\.(id|name)|disks)$/.test(name))).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});

const sixty = `[${Array.from({ length: 60 }, (_, index) => index).join(',')}]`;
const loops = (depth: number, body: string): string =>
  depth === 0 ? body : `${sixty}.all(x${depth}, ${loops(depth - 1, body)})`;

describe('a hostile facts query', () => {
  it.each([
    ['loops in loops', loops(12, 'true')],
    ['loops whose errors are swallowed', loops(3, `(${sixty}.all(y, 1 / 0 == 1) || true)`)],
    ['a text that doubles', `["${'a'.repeat(100)}"]${'.map(x, x + x)'.repeat(30)}.size() == 1`],
    ['a list that doubles', `[[1]]${'.map(x, x + x)'.repeat(30)}.size() == 1`],
    ['a tree that holds itself twice', `[[1]]${'.map(x, [x, x])'.repeat(30)} != [1]`],
    ['a search in it', `1 in [[1]]${'.map(x, [x, x])'.repeat(30)}`],
    ['a long pattern, repeated', `"${'a'.repeat(2000)}b".matches("${'(.*a){999}'.repeat(10)}")`],
    ['a long pattern', `"a".matches("${'(.*a)*'.repeat(100)}")`],
    ['long searches', loops(2, `"${'a'.repeat(1000)}".contains("${'a'.repeat(500)}b") || true`)],
    ['open brackets', '('.repeat(1990) + '1' + ')'.repeat(1990)],
    ['brackets without end', '['.repeat(3990)],
    ['an index of an index', `disks${'[0]'.repeat(1000)} == 1`],
    ['a deep path', `os${'.a'.repeat(1900)} == 1`],
    ['a long sum', `${Array(1900).fill('1').join('+')} == 1900`],
  ])('is refused soon: %s', (_, query) => {
    expect(query.length).toBeLessThanOrEqual(4000);
    const before = performance.now();
    expect(answer(query)).toMatch(/too much work|too deeply|more than/);
    // It takes some tens of milliseconds; without bounds some of these take years.
    expect(performance.now() - before).toBeLessThan(5000);
  });

  it('has no use of patterns that other engines choke on', () => {
    expect(answer(`"${'a'.repeat(60)}!".matches("(a+)+$")`)).toBe(false);
  });

  it('is not mistaken for a long one that somebody means', () => {
    const list = Array.from({ length: 150 }, (_, index) => `hostname == "h${index}"`);
    expect(answer(list.join(' || '))).toBe(false);
    const crowd: Facts = {
      disks: Array.from({ length: 30 }, (_, index) => ({ name: `sd${index}`, sizeMegabytes: index })),
      network: Array.from({ length: 30 }, (_, index) => ({ name: `e${index}`, addresses: ['10.0.0.1', 'fe80::1'] })),
    };
    const query = 'disks.all(d, network.all(n, n.name != d.name && n.addresses.all(a, a.startsWith("192.") == false)))';
    expect(evaluateFactsQuery(query, crowd)).toEqual({ result: true });
  });
});
