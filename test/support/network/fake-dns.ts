/**
 * A name server for one name, on loopback.
 *
 *   const dns = await startFakeDns();   // resolver 127.0.0.1:PORT valid=1s;
 *   dns.answer('nxdomain');                       // also: 'address', 'silent'
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { atEnd } from '../temp.ts';

export interface FakeDns {
  readonly address: string;
  answer(how: 'address' | 'nxdomain' | 'silent'): void;
}

/** Answers A queries with 127.0.0.1, and those for other types with nothing. */
export async function startFakeDns(): Promise<FakeDns> {
  let how: Parameters<FakeDns['answer']>[0] = 'address';
  const socket = createSocket('udp4');
  socket.on('message', (query, { address, port }) => {
    if (how === 'silent') return;
    const nameEnd = query.indexOf(0, 12) + 1;
    const question = query.subarray(12, nameEnd + 4);
    const hasAnswer = how === 'address' && query.readUInt16BE(nameEnd) === 1;
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(how === 'nxdomain' ? 0x8183 : 0x8180, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(hasAnswer ? 1 : 0, 6);
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]);
    socket.send(Buffer.concat([header, question, ...(hasAnswer ? [record] : [])]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  atEnd(() => {
    socket.close();
  });
  return {
    address: `127.0.0.1:${socket.address().port}`,
    answer: (next) => {
      how = next;
    },
  };
}
