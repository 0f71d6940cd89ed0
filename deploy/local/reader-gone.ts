/** @module What a command does when nobody reads its output any more, as in `hanse explain … | head -1`. */

/** What shells say of a program that SIGPIPE ended: 128 and the signal's number, as of kubectl. */
const readerGoneCode = 141;

/**
 * Ends the process without a word once a pipe that it writes to has no reader. What runs in the foreground until it is told to stop goes on
 * in silence instead: it has things to put away, and whoever started it did not ask for its end.
 */
export const endWithReader = (): void => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (process.listenerCount('SIGTERM') === 0) process.exit(readerGoneCode);
    });
  }
};

/** Ends the process when all that it has said has been taken over. */
export const exitWhenTold = (code: number): void => {
  process.stdout.write('', (error) => {
    // That it was not taken over is told to the stream's listener next, which ends the process in its own way.
    if (error === undefined || error === null) process.exit(code);
    setImmediate(() => process.exit(code));
  });
};
