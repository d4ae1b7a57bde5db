import type { StoredTensor } from "../../files/safetensors.js";
import { UserError } from "../../files/user-error.js";
import type { Callback, TrainingEvent, TrainingState } from "./callback.js";

/** What callbacks keep in a checkpoint. */
export interface CallbackStates {
  /** plain JSON by callback */
  callbacks: Record<string, unknown>;
  /** as <callback>/<tensor> */
  callbackTensors: Record<string, StoredTensor>;
}

/** Callbacks sorted by the events that they listen to, so that an event without a listener costs one look-up. */
export class CallbackList {
  private readonly listeners = new Map<TrainingEvent, Callback[]>();

  /** @throws RangeError if two have one name */
  constructor(private readonly all: readonly Callback[]) {
    const names = all.map(({ name }) => name);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined)
      throw new UserError(`callbacks: must have names of their own, got "${twice}" twice`);
    for (const callback of all)
      for (const event of Object.keys(callback.on) as TrainingEvent[]) {
        if (!callback.on[event]) continue;
        const list = this.listeners.get(event);
        if (list) list.push(callback);
        else this.listeners.set(event, [callback]);
      }
  }

  /** Runs the listeners in order. @returns a promise only if one of them returned one: nothing else is to be waited for */
  fire(event: TrainingEvent, state: TrainingState): Promise<void> | undefined {
    const listeners = this.listeners.get(event);
    return listeners && runFrom(0, listeners, event, state);
  }

  states(): CallbackStates {
    return {
      callbacks: Object.fromEntries(
        this.all.flatMap((callback) => (callback.state ? [[callback.name, callback.state()]] : [])),
      ),
      callbackTensors: Object.fromEntries(
        this.all.flatMap((callback) =>
          Object.entries(callback.tensors?.() ?? {}).map(([key, tensor]) => [
            `${callback.name}/${key}`,
            tensor,
          ]),
        ),
      ),
    };
  }

  restore({ callbacks = {}, callbackTensors = {} }: Partial<CallbackStates>): void {
    for (const callback of this.all) {
      if (callback.name in callbacks) callback.restore?.(callbacks[callback.name]);
      callback.restoreTensors?.(withoutPrefix(callbackTensors, `${callback.name}/`));
    }
  }
}

function runFrom(
  first: number,
  listeners: readonly Callback[],
  event: TrainingEvent,
  state: TrainingState,
): Promise<void> | undefined {
  for (let i = first; i < listeners.length; i++) {
    const pending = listeners[i]!.on[event]!(state);
    if (pending) return pending.then(() => runFrom(i + 1, listeners, event, state));
  }
  return undefined;
}

function withoutPrefix<T>(all: Readonly<Record<string, T>>, prefix: string): Record<string, T> {
  return Object.fromEntries(
    Object.entries(all).flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
    ),
  );
}

/** What callbacks need is known before the first step. @param rule what must be there for them, if it is not */
export function checkMonitors(callbacks: readonly Callback[], rule: string | null): void {
  const blind = callbacks.find(({ monitors }) => monitors === "val_loss");
  if (blind && rule !== null)
    throw new UserError(`${rule} for ${blind.name}, which reads val_loss, got none`);
}
