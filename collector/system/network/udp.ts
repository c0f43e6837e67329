/** Receiving datagrams. */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';

export interface DatagramHandlers {
  onDatagram(bytes: Buffer): void;
  onBound(port: number): void;
  /** It could not be bound, or has broken: `EADDRINUSE`, `EACCES`, … It is closed then. */
  onError(code: string): void;
}

export interface DatagramSocket {
  close(): void;
}

export type BindUdp = (address: string, port: number, handlers: DatagramHandlers) => DatagramSocket;

/** What the kernel may hold for us between two turns of the event loop; it grants at most net.core.rmem_max. */
const receiveBuffer = 8 * 1024 * 1024;

export const bindUdp: BindUdp = (address, port, { onDatagram, onBound, onError }) => {
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', recvBufferSize: receiveBuffer });
  let isOpen = true;
  const close = () => {
    if (isOpen) socket.close();
    isOpen = false;
  };
  socket.on('message', onDatagram);
  socket.on('listening', () => onBound(socket.address().port));
  socket.on('error', (error: NodeJS.ErrnoException) => {
    close();
    onError(error.code ?? error.message);
  });
  socket.bind(port, address);
  return { close };
};
