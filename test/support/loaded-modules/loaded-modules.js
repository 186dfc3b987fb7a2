/* global module, require */
// A Node-RED plugin for tests: GET /loaded-modules gives the paths of all code that the process has loaded.
module.exports = (RED) => {
  RED.httpAdmin.get('/loaded-modules', (_request, response) => {
    response.json(Object.keys(require.cache).filter((path) => !path.endsWith('.json')));
  });
};
