import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, LOOPBACK } from '../../harness/ports';

/** Programs that are no Node.js packages, and the Debian packages that they are in. */
const PACKAGES = { mosquitto: 'mosquitto', 'redis-server': 'redis-server' } as const;
/** Debian keeps servers where the path of a user who is not root does not lead. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`;

/** A server that runs beside the test, on loopback. */
export interface Program {
  readonly port: number;
  stop: () => Promise<void>;
}

/** A running Mosquitto. */
export interface Broker extends Program {
  /** Resolves when a client has subscribed to a topic that often. */
  subscribed: (clientId: string, topic: string, times: number) => Promise<void>;
}

/** The command that installs what is missing; `undefined` if nothing is. */
export function installCommand(): string | undefined {
  const missing = Object.entries(PACKAGES).filter(([program]) => {
    const { error } = spawnSync(program, [program === 'mosquitto' ? '-h' : '--version'], {
      env: { ...process.env, PATH },
    });
    return error !== undefined;
  });
  if (missing.length === 0) return undefined;
  return `apt-get update && apt-get install -y ${missing.map(([, name]) => name).join(' ')}`;
}

/** Starts Mosquitto, configured as docs/scaling.md says, but without passwords. */
export async function startMosquitto(): Promise<Broker> {
  const port = await freePort(0);
  const folder = mkdtempSync(join(tmpdir(), 'nrfcloud-mosquitto-'));
  const config = [
    `listener ${port} ${LOOPBACK}`,
    'allow_anonymous true',
    'persistence false',
    'max_queued_messages 100000',
    'log_dest stderr',
    'log_type subscribe',
    'log_type error',
  ];
  writeFileSync(join(folder, 'mosquitto.conf'), `${config.join('\n')}\n`);
  const subscriptions: string[] = [];
  const stop = await startProgram('mosquitto', ['-c', join(folder, 'mosquitto.conf')], port, (line) => {
    // "<time>: <client id> <QoS> <topic>"
    const [, clientId, topic] = /^\d+: (\S+) [012] (\S+)$/.exec(line) ?? [];
    if (topic !== undefined) subscriptions.push(`${clientId!} ${topic}`);
  });
  return {
    port,
    subscribed: async (clientId, topic, times) => {
      const limit = Date.now() + 30_000;
      while (subscriptions.filter((one) => one === `${clientId} ${topic}`).length < times) {
        if (Date.now() > limit) throw new Error(`${clientId} did not subscribe to ${topic} ${times} times`);
        await pause(50);
      }
    },
    stop: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts a Redis that keeps nothing on disk. */
export async function startRedis(): Promise<Program> {
  const port = await freePort(0);
  const args = ['--port', String(port), '--bind', LOOPBACK, '--save', '', '--appendonly', 'no'];
  return { port, stop: await startProgram('redis-server', args, port) };
}

/** All keys, and where a store keeps a hash for each scope, its fields. */
const ALL_KEYS = `local all = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  if redis.call('TYPE', key).ok ~= 'hash' then all[#all + 1] = key
  else for _, field in ipairs(redis.call('HKEYS', key)) do all[#all + 1] = key .. ':' .. field end end
end
return all`;

/**
 * Asks Redis for the names of everything that it keeps.
 * @throws {Error} when the connection breaks
 */
export async function redisKeys(port: number): Promise<string[]> {
  const socket = connect(port, LOOPBACK);
  socket.write(`EVAL "${ALL_KEYS.replaceAll('\n', ' ')}" 0\r\nQUIT\r\n`);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return [...text.matchAll(/\$\d+\r\n([^\r]*)\r\n/g)].map(([, key]) => key!);
}

/** Starts a server, and resolves with how to end it when its port is open. @throws {Error} if it ends instead */
async function startProgram(
  name: keyof typeof PACKAGES,
  args: string[],
  port: number,
  onLine: (line: string) => void = () => undefined,
): Promise<() => Promise<void>> {
  const child = spawn(name, args, { env: { ...process.env, PATH }, stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = once(child, 'exit');
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      onLine(line);
    });
  }
  const limit = Date.now() + 20_000;
  while (!(await isOpen(port))) {
    if (child.exitCode !== null || Date.now() > limit) {
      kill();
      throw new Error(`${name} did not start:\n${lines.join('\n')}`);
    }
    await pause(50);
  }
  return async () => {
    process.off('exit', kill);
    child.kill('SIGTERM');
    await exited;
  };
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, LOOPBACK);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
