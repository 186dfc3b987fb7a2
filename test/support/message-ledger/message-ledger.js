/* global module, process */
// A Node-RED plugin for tests. It writes a line for each message that a node of this package receives, and for each
// ending that the node gives it. In a full deploy no Catch node sees the endings of stopped nodes; these hooks do.
module.exports = (RED) => {
  const ours = (node) => node.type.startsWith('nrfcloud-');
  const write = (...words) => process.stdout.write(`ledger ${words.join(' ')}\n`);
  RED.hooks.add('onReceive.ledger', ({ msg, destination }) => {
    if (ours(destination.node)) write('received', msg._msgid);
  });
  RED.hooks.add('onComplete.ledger', ({ msg, error, node }) => {
    if (ours(node.node)) write('ended', msg._msgid, error?.code ?? 'ok');
  });
};
