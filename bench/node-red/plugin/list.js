/* global module, require, URL */
// The floor of a list: a node that reads pages with undici alone, one after another, and sends each device as a message. No
// checks, no retries, no status.
const { Pool } = require('undici');

module.exports = (RED) => {
  RED.nodes.registerType('bench-list', function (config) {
    RED.nodes.createNode(this, config);
    const { origin, pathname } = new URL(config.url);
    const pool = new Pool(origin);
    this.on('input', async (msg, send, done) => {
      const { _msgid } = msg;
      const id = RED.util.generateId();
      let index = 0;
      for (let query = ''; query !== undefined;) {
        const path = `${pathname}/claimed-devices${query}`;
        const { body } = await pool.request({ method: 'GET', path, headers: { authorization: 'Bearer bench' } });
        const { items, pageNextToken } = await body.json();
        for (const payload of items) send({ _msgid, payload, parts: { id, index: index++ } });
        query = pageNextToken === undefined ? undefined : `?pageNextToken=${pageNextToken}`;
      }
      done();
    });
    this.on('close', (done) => void pool.close().then(done));
  });
};
