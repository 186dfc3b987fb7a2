/* global module, process */
// A Node-RED plugin for tests. It writes a line of JSON for each message that a node of this package receives, sends or
// ends, and for each that the Catch node gets. Writing to a pipe is done at once, so that a killed process has told all.
module.exports = (RED) => {
  const ours = (node) => node?.type?.startsWith('nrfcloud-') === true;
  const write = (what) => process.stdout.write(`crash ${JSON.stringify(what)}\n`);
  /** What a watch is about stays the same from the message that asks to the result that leaves. */
  const operation = ({ payload }) => payload?.bulkOpsRequestId ?? payload;
  const id = (node, msg) => (node === 'watch' ? `${msg.key}#${operation(msg)}` : msg.key);
  RED.hooks.add('onReceive.crash', ({ msg, destination }) => {
    // Node-RED drops what comes to a node that has closed: it has no listener any more, but the hook is called all the same.
    const { node } = destination;
    if (ours(node) && !node._inputCallback && !node._inputCallbacks) return;
    if (ours(node)) write({ event: 'in', node: destination.id, id: id(destination.id, msg), resumed: msg.resumed });
    else if (destination.id === 'caught') {
      const source = msg.error.source.id;
      write({ event: 'caught', node: source, id: id(source, msg), resumed: msg.resumed });
    }
  });
  RED.hooks.add('onComplete.crash', ({ msg, error, node }) => {
    if (ours(node.node)) write({ event: 'end', node: node.id, id: id(node.id, msg), code: error?.code ?? 'ok' });
  });
  RED.hooks.add('onSend.crash', (sent) => {
    for (const { msg, source } of sent) {
      if (!ours(source.node)) continue;
      const { parts, resumed, payload } = msg;
      const size = source.id === 'list' ? payload.length : (payload?.rows ?? 0);
      const about = source.id === 'bulk' && source.port === 0 ? { operation: operation(msg) } : {};
      const port = source.port;
      write({
        event: 'out',
        node: source.id,
        id: id(source.id, msg),
        port,
        size,
        resumed,
        count: parts?.count,
        ...about,
      });
    }
  });
};
