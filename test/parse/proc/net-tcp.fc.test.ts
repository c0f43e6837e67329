import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTcpScanner, indexPeers } from '../../../collector/parse/proc/net-tcp.ts';

const hex = (value: number, width: number) => value.toString(16).toUpperCase().padStart(width, '0');
const v4 = (last: number) => `${hex(last, 2)}00000A`;
const v6 = (last: number) => `B80D0120${'0'.repeat(16)}00${hex(last, 2)}0000`;
const mapped = (last: number) => `0000000000000000FFFF0000${v4(last)}`;
const peers = ['10.0.0.1:8080', '10.0.0.2:8081', '[2001:db8::100]:8080', '10.0.0.1:8081', '[2001:db8::200]:8082'];

interface Row {
  readonly host: string;
  readonly remote: string;
  readonly port: number;
  readonly st: number;
  readonly uid: number;
}

const row: fc.Arbitrary<Row> = fc
  .record({
    kind: fc.constantFrom('v4', 'v6', 'mapped'),
    last: fc.integer({ min: 0, max: 3 }),
    port: fc.integer({ min: 8079, max: 8083 }),
    st: fc.integer({ min: 1, max: 12 }).filter((st) => st !== 10),
    uid: fc.constantFrom(0, 33, 65534, 4294967294),
  })
  .map(({ kind, last, port, st, uid }) => ({
    host: kind === 'v6' ? `[2001:db8::${hex(last, 1)}00]` : `10.0.0.${last}`,
    remote: kind === 'v4' ? v4(last) : kind === 'v6' ? v6(last) : mapped(last),
    port,
    st,
    uid,
  }));

function text(rows: readonly Row[]): string {
  const lines = rows.map(({ remote, port, st, uid }, at) => {
    const local = '0'.repeat(remote.length);
    const line = `${String(at).padStart(4)}: ${local}:0050 ${remote}:${hex(port, 4)} ${hex(st, 2)} 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)} ${String(0).padStart(8)} ${at} 1 0000000000000000 20 4 30 10 -1`;
    return remote.length === 8 ? line.padEnd(149) : line;
  });
  return ['  sl  local_address …', ...lines, ''].join('\n');
}

test('counts as a plain reading of the same rows does, wherever the text is cut', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 60 }), fc.integer({ min: 1, max: 400 }), (rows, step) => {
      const bytes = Buffer.from(text(rows));
      const scanner = createTcpScanner(indexPeers(peers), new Set([33]));
      let from = 0;
      for (let to = 0; to < bytes.length; ) {
        to = Math.min(to + step, bytes.length);
        from += scanner.scan(bytes.subarray(from, to), to - from);
      }
      expect(from).toBe(bytes.length);
      for (const peer of peers)
        for (let st = 1; st <= 12; st += 1)
          expect(scanner.count(peer, st)).toBe(
            rows.filter((one) => `${one.host}:${one.port}` === peer && one.st === st).length,
          );
      const holding = rows.filter((one) => one.uid === 33 && [1, 2, 8].includes(one.st));
      expect(scanner.toPeers()).toBe(holding.filter((one) => peers.includes(`${one.host}:${one.port}`)).length);
    }),
  );
});

test('never throws, never reads past what it was given, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat(2000), (bytes, cut) => {
      const end = Math.min(cut, bytes.length);
      const consumed = createTcpScanner(indexPeers(peers), new Set([0])).scan(bytes, end);
      expect(consumed).toBe(bytes.subarray(0, end).lastIndexOf(10) + 1);
    }),
  );
});
