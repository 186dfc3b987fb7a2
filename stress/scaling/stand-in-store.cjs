/* global __dirname, console */
// A context store in Redis with the interface that Node-RED documents, for computers that can't have the published one. Each
// scope is a hash. Found by stress/scaling/store.ts, which installs the client beside the cache's other tools.
const { join } = require('node:path');
const { createClient } = require(join(__dirname, '../../.cache/scaling/redis@5.8.2/node_modules/redis'));

module.exports = ({ host, port, prefix }) => {
  const client = createClient({ socket: { host, port } });
  client.on('error', (error) => console.error(`Redis: ${error.message}`));
  const hash = (scope) => `${prefix}:${scope}`;
  const answer = (work, callback = () => undefined) =>
    work.then(
      (result) => callback(null, result),
      (error) => callback(error),
    );
  const read = (text) => (text === null ? undefined : JSON.parse(text));
  return {
    open: () => client.connect(),
    close: () => client.close(),
    get: (scope, key, callback) => void answer(client.hGet(hash(scope), key).then(read), callback),
    set: (scope, key, value, callback) => {
      const change = value === undefined ? ['hDel', key] : ['hSet', key, JSON.stringify(value)];
      void answer(client[change[0]](hash(scope), ...change.slice(1)), (error) => callback?.(error));
    },
    keys: (scope, callback) => void answer(client.hKeys(hash(scope)), callback),
    delete: (scope) => client.del(hash(scope)),
    clean: () => Promise.resolve(),
  };
};
