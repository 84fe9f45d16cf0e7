// Stands before a server of any protocol and can be shut: for tests of what happens when a database is away, and comes back.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface SocketGate {
  /** The address of the server behind it, with the port of the gate. */
  readonly url: string;
  /** Shut, every connection breaks, those that stand and those that come. */
  set(open: boolean): void;
  close(): Promise<void>;
}

export async function startSocketGate(target: string): Promise<SocketGate> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let isOpen = true;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}); // The other side is told by the close that follows.
    socket.on('close', () => sockets.delete(socket));
  };
  const shut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    keep(near);
    if (!isOpen) return void near.destroy();
    const far = connect(Number(port), hostname);
    keep(far);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    set(open) {
      isOpen = open;
      if (!open) shut();
    },
    async close() {
      shut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
