/** @module The end of a program that runs in the foreground: asked for once it is orderly, asked for again it is at once. */

/** As shells say it of a program that Ctrl-C ended. */
export const interruptedCode = 130;

/** Resolves at the first of these signals; the next one ends the process. Without SIGHUP, what `nohup` starts outlives its terminal. */
export const interrupted = (signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM']): Promise<void> =>
  new Promise((resolve) => {
    let asked = false;
    const stop = (): void => {
      if (asked) process.exit(interruptedCode);
      asked = true;
      resolve();
    };
    for (const signal of signals) process.on(signal, stop);
  });
