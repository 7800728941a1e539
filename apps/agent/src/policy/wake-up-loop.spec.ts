import { readLine } from './wake-up-loop.js';

describe('a line of the wake-up stream', () => {
  it.each([
    ['data: {"withinSeconds":7}', 7],
    ['data:{"withinSeconds":0}', 0],
    ['event: policy', undefined],
    [': still here', undefined],
    ['', undefined],
    ['data: {"withinSeconds":-1}', undefined],
    ['data: {"withinSeconds":"soon"}', undefined],
    ['data: {', undefined],
  ])('%s says %s', (line, seconds) => expect(readLine(line)?.withinSeconds).toBe(seconds));

  it('may ask for the inventory, and is ignored where it asks for what nobody knows', () => {
    expect(readLine('data: {"withinSeconds":3,"wish":"inventory"}')).toEqual({ withinSeconds: 3, wish: 'inventory' });
    expect(readLine('data: {"withinSeconds":3,"wish":"dance"}')).toBeUndefined();
  });

  it('may name computers that sleep in the network of this one', () => {
    const packet = { mac: '02:fc:00:00:00:0a', address: '192.0.2.255', port: 9 };
    expect(readLine(`data: ${JSON.stringify({ withinSeconds: 0, neighbours: [packet] })}`)?.neighbours).toEqual([
      packet,
    ]);
    const wrong = { ...packet, address: 'example.org' };
    expect(readLine(`data: ${JSON.stringify({ withinSeconds: 0, neighbours: [wrong] })}`)).toBeUndefined();
  });
});
