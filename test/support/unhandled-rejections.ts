/** Mocha only hands an unhandled rejection on to other listeners. Without one the test passes, where Node-RED would end. */
process.on('unhandledRejection', (reason) => {
  throw reason instanceof Error ? reason : new Error(`an unhandled rejection: ${String(reason)}`);
});
