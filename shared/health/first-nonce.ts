/** @module Where the numbers of a process's questions begin. */

/** Of so many numbers one is drawn; questions of all runs together are too few to meet those of another run. They stay safe integers. */
const firstNonces = 2 ** 48;

/**
 * The number before the first question of a run. Answers name only the number of their question, so that an answer which was recorded in an
 * earlier run of this process must fit no question of this one: it would bring somebody back to life who died since.
 */
export const firstNonce = (random: () => number): number => Math.floor(random() * firstNonces);
