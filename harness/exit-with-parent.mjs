// Loaded into every child process of the demo before anything else: when the demo is gone, however it ended, the child
// goes too.
process.once('disconnect', () => process.exit(1));
// Listening alone is no reason to stay.
process.channel?.unref();
