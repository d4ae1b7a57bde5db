/**
 * Runs tasks in order, as many at a time as there is room for. A task weighs as much as the cores it keeps busy;
 * one heavier than the whole room runs when nothing else does.
 *
 * @template T
 * @param {{weight: number, run: () => Promise<T>}[]} tasks
 * @param {number} room
 * @returns {Promise<T[]>} results in the order of the tasks
 */
export function runScheduled(tasks, room) {
  return new Promise((resolve, reject) => {
    const results = new Array(tasks.length);
    const waiting = tasks.map((task, index) => ({ ...task, index }));
    let used = 0;
    let running = 0;
    const startNext = () => {
      if (waiting.length === 0 && running === 0) resolve(results);
      while (waiting.length > 0 && (running === 0 || used + waiting[0].weight <= room)) {
        const { index, weight, run } = waiting.shift();
        used += weight;
        running += 1;
        run().then((result) => {
          results[index] = result;
          used -= weight;
          running -= 1;
          startNext();
        }, reject);
      }
    };
    startNext();
  });
}
