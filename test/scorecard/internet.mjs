// What the scorecard would find on the internet, played on this computer: the registry and the catalogue of nodes.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

/** The newest versions on 2026-11-24, where they are not what the lock file has. */
const NEWER = { undici: '8.13.1' };
const NODE_RED = { 'dist-tags': { latest: '5.0.7' }, versions: { '5.0.7': { engines: { node: '>=22.9' } } } };
/** A package of others, with a node of another name. */
const CATALOGUE = { modules: [{ id: 'node-red-node-email', types: ['e-mail', 'e-mail in'] }] };

/**
 * Starts the servers' stand-in.
 * @param lock the path of the lock file: the registry knows the packages in it
 * @returns its `url`, and `close`
 */
export async function startInternet(lock) {
  const { packages } = JSON.parse(readFileSync(lock, 'utf8'));
  const documentOf = (name) => {
    if (name === 'node-red') return { name, ...NODE_RED };
    const known = packages[`node_modules/${name}`];
    if (known === undefined) return undefined;
    const { version, dependencies } = known;
    const newest = NEWER[name] ?? version;
    const versions = { [version]: { name, version, dependencies }, [newest]: { name, version: newest, dependencies } };
    return { name, 'dist-tags': { latest: newest }, versions };
  };
  const server = createServer(({ url }, response) => {
    const path = decodeURIComponent(new URL(url, 'http://localhost').pathname).slice(1);
    const answer = path === 'catalogue.json' ? CATALOGUE : documentOf(path);
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}
