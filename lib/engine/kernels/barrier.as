// A barrier of `parties` threads at [count, phase]: spins, then sleeps until the last one arrives.
export function barrier(at: usize, parties: i32, spins: i32): void {
  const phase = atomic.load<i32>(at, 4);
  if (atomic.add<i32>(at, 1) == parties - 1) {
    atomic.store<i32>(at, 0);
    atomic.store<i32>(at, phase + 1, 4);
    atomic.notify(at + 4, -1);
    return;
  }
  for (let i = 0; i < spins; i++) if (atomic.load<i32>(at, 4) != phase) return;
  while (atomic.load<i32>(at, 4) == phase) atomic.wait<i32>(at + 4, phase, -1);
}
