import { readServerSentEvents } from './server-sent-events.js';

async function read(chunks: readonly (string | Uint8Array)[]) {
  async function* body() {
    for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  }
  const events = [];
  for await (const event of readServerSentEvents(body())) events.push(event);
  return events;
}

describe('server-sent events', () => {
  const text = ': hello\n\nid: 7\nevent: saved\ndata: {"a":"ü"}\n\nid: 8\ndata: x\ndata: y\n\n';
  const expected = [
    { id: '7', event: 'saved', data: '{"a":"ü"}' },
    { id: '8', event: 'message', data: 'x\ny' },
  ];

  it('are read with id, type and data; comments are not events', async () => {
    expect(await read([text])).toEqual(expected);
  });

  it('may be cut anywhere, inside a character too', async () => {
    const bytes = Buffer.from(text);
    expect(await read(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(expected);
    expect(await read(Array.from(Buffer.from(text.replaceAll('\n', '\r\n')), (byte) => Uint8Array.of(byte)))).toEqual(
      expected,
    );
  });

  it('that are not whole at the end of the stream do not count', async () => {
    expect(await read(['data: half\n'])).toEqual([]);
  });
});
